// The part of ONNX Runtime that the engine uses; onnxruntime-node and onnxruntime-web both have it, and one of them is passed in.

export interface OrtTensor {
  readonly data: unknown;
}

export interface OrtSession {
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: readonly string[],
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

type OrtValues = Float32Array | BigInt64Array;

export interface Ort {
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OrtSession>;
  };
  readonly Tensor: new (type: "float32" | "int64", data: OrtValues, dims: number[]) => OrtTensor;
}

/** A float output of a run; throws RangeError where the graph does not give it as float32. */
export function floats(outputs: Readonly<Record<string, OrtTensor>>, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (data instanceof Float32Array) return data;
  throw new RangeError(`floats: the graph gives no float32 output "${name}"`);
}

/** An int32 output of a run; throws RangeError where the graph does not give it as int32. */
export function integers(outputs: Readonly<Record<string, OrtTensor>>, name: string): Int32Array {
  const data = outputs[name]?.data;
  if (data instanceof Int32Array) return data;
  throw new RangeError(`integers: the graph gives no int32 output "${name}"`);
}
