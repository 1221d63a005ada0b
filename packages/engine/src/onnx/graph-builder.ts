// An ONNX graph under construction (specification: onnx.proto). Weights become external data, so the model itself stays small.

import { ProtoMessage } from "./protobuf.ts";

/** onnx.proto's TensorProto.DataType. */
export const FLOAT = 1;
const UINT8 = 2;
const INT8 = 3;
export const INT32 = 6;
export const INT64 = 7;
export const BOOL = 9;

const IR_VERSION = 10;
const OPSET = 21;
const MICROSOFT = "com.microsoft";
const INLINE_BYTES = 1_024; // smaller constants stay in the model

/** The name of a value that flows along an edge. */
export type Edge = string;
type Attribute = number | readonly number[] | { readonly float: number };
export type Dim = number | string;

/** A weight that the session receives beside the model. */
export interface ExternalData {
  readonly path: string;
  readonly data: Uint8Array;
}

export interface OnnxModel {
  readonly model: Uint8Array;
  readonly externalData: readonly ExternalData[];
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** True for an operator of com.microsoft. */
  readonly isMicrosoft?: boolean;
}

type Values = Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array;

/** Collects nodes, constants, inputs and outputs in order, then encodes them. */
export class GraphBuilder {
  readonly #nodes: ProtoMessage[] = [];
  readonly #initializers = new Map<string, ProtoMessage>();
  readonly #inputs: ProtoMessage[] = [];
  readonly #outputs: ProtoMessage[] = [];
  readonly #externalData: ExternalData[] = [];
  #names = 0;

  input(name: string, type: number, dims: readonly Dim[]): Edge {
    this.#inputs.push(valueInfo(name, type, dims));
    return name;
  }

  output(edge: Edge, type: number, dims: readonly Dim[]): void {
    this.#outputs.push(valueInfo(edge, type, dims));
  }

  /** One node with one output; `name` makes the edge an output's name, else it is numbered. */
  node(op: string, inputs: readonly Edge[], options: NodeOptions = {}, name?: string): Edge {
    const output = name ?? this.#fresh(op);
    this.#add(op, inputs, [output], options);
    return output;
  }

  /** One node with several outputs. */
  split(op: string, inputs: readonly Edge[], count: number, options: NodeOptions = {}): Edge[] {
    const outputs = Array.from({ length: count }, () => this.#fresh(op));
    this.#add(op, inputs, outputs, options);
    return outputs;
  }

  /** A weight or constant of this name. */
  constant(name: string, dims: readonly number[], values: Values): Edge {
    const tensor = new ProtoMessage();
    for (const dim of dims) tensor.integer(1, dim);
    tensor.integer(2, dataType(values)).string(8, name);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (bytes.length <= INLINE_BYTES) tensor.bytes(9, bytes);
    else {
      const entry = (key: string, value: string) =>
        new ProtoMessage().string(1, key).string(2, value);
      tensor.message(13, entry("location", name)).message(13, entry("offset", "0"));
      tensor.message(13, entry("length", String(bytes.length))).integer(14, 1);
      this.#externalData.push({ path: name, data: bytes });
    }
    this.#initializers.set(name, tensor);
    return name;
  }

  /** A constant of this name that may be asked for again. */
  shared(name: string, dims: readonly number[], values: Values): Edge {
    return this.#initializers.has(name) ? name : this.constant(name, dims, values);
  }

  /** A shared list of integers. */
  integers(...values: number[]): Edge {
    return this.shared(
      `int64:${values.join()}`,
      [values.length],
      BigInt64Array.from(values, BigInt),
    );
  }

  /** A shared float scalar. */
  scalar(value: number): Edge {
    return this.shared(`float:${value}`, [], Float32Array.of(value));
  }

  /** The finished model and its weights. */
  build(): OnnxModel {
    const graph = new ProtoMessage();
    for (const node of this.#nodes) graph.message(1, node);
    graph.string(2, "tokenscope");
    for (const tensor of this.#initializers.values()) graph.message(5, tensor);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const opset = (domain: string, version: number) =>
      new ProtoMessage().string(1, domain).integer(2, version);
    const model = new ProtoMessage()
      .integer(1, IR_VERSION)
      .message(7, graph)
      .message(8, opset("", OPSET))
      .message(8, opset(MICROSOFT, 1));
    return { model: model.encoded(), externalData: this.#externalData };
  }

  #fresh(op: string): Edge {
    this.#names += 1;
    return `${op}:${this.#names}`;
  }

  #add(op: string, inputs: readonly Edge[], outputs: readonly Edge[], options: NodeOptions): void {
    const node = new ProtoMessage();
    for (const input of inputs) node.string(1, input);
    for (const output of outputs) node.string(2, output);
    node.string(3, outputs[0] ?? op).string(4, op);
    for (const [name, value] of Object.entries(options.attributes ?? {})) {
      node.message(5, attribute(name, value));
    }
    if (options.isMicrosoft) node.string(7, MICROSOFT);
    this.#nodes.push(node);
  }
}

function attribute(name: string, value: Attribute): ProtoMessage {
  const message = new ProtoMessage().string(1, name);
  if (typeof value === "number") return message.integer(3, value).integer(20, 2);
  if ("float" in value) return message.float(2, value.float).integer(20, 1);
  for (const integer of value) message.integer(8, integer);
  return message.integer(20, 7);
}

function valueInfo(name: string, type: number, dims: readonly Dim[]): ProtoMessage {
  const shape = new ProtoMessage();
  for (const dim of dims) {
    const message = new ProtoMessage();
    shape.message(1, typeof dim === "number" ? message.integer(1, dim) : message.string(2, dim));
  }
  const tensorType = new ProtoMessage().integer(1, type).message(2, shape);
  return new ProtoMessage().string(1, name).message(2, new ProtoMessage().message(1, tensorType));
}

function dataType(values: Values): number {
  if (values instanceof Float32Array) return FLOAT;
  if (values instanceof Int8Array) return INT8;
  if (values instanceof Uint8Array) return UINT8;
  if (values instanceof Int32Array) return INT32;
  return INT64;
}
