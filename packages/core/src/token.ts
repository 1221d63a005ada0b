// Token ids: indices into one model's vocabulary. Knows nothing of text or of models.

declare const tokenIdBrand: unique symbol;
/** An index into one model's vocabulary. */
export type TokenId = number & { readonly [tokenIdBrand]: true };

/** Brands a whole number as a token id; throws RangeError for anything else. Whether the vocabulary has it is checked where a vocabulary is at hand. */
export function tokenId(value: number): TokenId {
  if (!Number.isInteger(value) || value < 0) {
    throw new RangeError(`tokenId: a token id is a whole number from 0, not ${value}`);
  }
  return value as TokenId;
}
