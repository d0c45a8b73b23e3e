import protobuf from 'protobufjs';

/**
 * The part of TensorFlow's messages that a graph needs. Field numbers are those of
 * tensorflow/core/framework/*.proto and tensorflow/core/protobuf/{meta_graph,saved_model,config}.proto.
 */
const MESSAGES = `
syntax = "proto3";
message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraphDef meta_graphs = 2; }
message MetaGraphDef {
  message MetaInfoDef { repeated string tags = 4; }
  MetaInfoDef meta_info_def = 1;
  GraphDef graph_def = 2;
  map<string, SignatureDef> signature_def = 5;
}
message SignatureDef {
  map<string, TensorInfo> inputs = 1;
  map<string, TensorInfo> outputs = 2;
  string method_name = 3;
}
message TensorInfo { string name = 1; int32 dtype = 2; TensorShapeProto tensor_shape = 3; }
message GraphDef { repeated NodeDef node = 1; VersionDef versions = 4; }
message VersionDef { int32 producer = 1; int32 min_consumer = 2; }
message NodeDef {
  string name = 1;
  string op = 2;
  repeated string input = 3;
  string device = 4;
  map<string, AttrValue> attr = 5;
}
message AttrValue {
  message ListValue {
    repeated bytes s = 2;
    repeated int64 i = 3;
    repeated float f = 4;
    repeated bool b = 5;
    repeated int32 type = 6;
  }
  oneof value {
    ListValue list = 1;
    bytes s = 2;
    int64 i = 3;
    float f = 4;
    bool b = 5;
    int32 type = 6;
    TensorShapeProto shape = 7;
    TensorProto tensor = 8;
  }
}
message TensorShapeProto { message Dim { int64 size = 1; } repeated Dim dim = 2; }
message ConfigProto {
  int32 intra_op_parallelism_threads = 2;
  int32 inter_op_parallelism_threads = 5;
  bool use_per_session_threads = 9;
}
message TensorProto { int32 dtype = 1; TensorShapeProto tensor_shape = 2; bytes tensor_content = 4; }
`;

export interface ShapeProto {
  readonly dim: readonly { readonly size: number }[];
}

/** One of its fields, as in the message of that name. */
export interface AttrValue {
  readonly s?: Uint8Array;
  readonly i?: number;
  readonly f?: number;
  readonly b?: boolean;
  readonly type?: number;
  readonly shape?: ShapeProto;
  readonly tensor?: {
    readonly dtype: number;
    readonly tensorShape: ShapeProto;
    readonly tensorContent: Uint8Array;
  };
  readonly list?: {
    readonly i?: readonly number[];
    readonly f?: readonly number[];
    readonly b?: readonly boolean[];
  };
}

export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, AttrValue>>;
}

export interface TensorInfo {
  readonly name: string;
  readonly dtype: number;
  readonly tensorShape: ShapeProto;
}

export interface GraphSignature {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
}

const { root } = protobuf.parse(MESSAGES);
const savedModel = root.lookupType('SavedModel');
const configProto = root.lookupType('ConfigProto');

/** Of the graphs that TensorFlow 2.9 writes; every later version reads them. */
const VERSIONS = { producer: 1087, minConsumer: 12 };

/** A signature's name, and what its method is called. */
export interface SignatureName {
  readonly name: string;
  readonly methodName: string;
}

const STEP: SignatureName = { name: 'step', methodName: 'tfjs-distill/step' };

/** The bytes of a `saved_model.pb` with one graph, tagged `serve`. */
export function encodeSavedModel(
  node: readonly NodeDef[],
  signature: GraphSignature,
  { name, methodName }: SignatureName = STEP,
): Uint8Array {
  const graph = {
    metaInfoDef: { tags: ['serve'] },
    graphDef: { node, versions: VERSIONS },
    signatureDef: { [name]: { ...signature, methodName } },
  };
  return savedModel
    .encode(savedModel.fromObject({ savedModelSchemaVersion: 1, metaGraphs: [graph] }))
    .finish();
}

/** The bytes of a `session_config.pb`: a session that computes in one thread of its own. */
export function encodeOneThread(): Uint8Array {
  const config = { intraOpParallelismThreads: 1, interOpParallelismThreads: 1, usePerSessionThreads: true };
  return configProto.encode(configProto.fromObject(config)).finish();
}

export function shapeProto(shape: readonly number[]): ShapeProto {
  return { dim: shape.map((size) => ({ size })) };
}
