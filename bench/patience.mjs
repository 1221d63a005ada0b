// A wait that ends: what takes too long is named, so that a benchmark fails with a sentence in place of standing still.

/** What `work` gives, or an error that names the step where it takes longer than `limitMs`. */
export async function within(limitMs, step, work) {
  let timer;
  const late = new Promise((_, reject) => {
    const sentence = `bench: ${step} took longer than ${limitMs / 1000} s`;
    timer = setTimeout(() => reject(new Error(sentence)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("bench:")) throw error;
    throw new Error(`bench: ${step}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
