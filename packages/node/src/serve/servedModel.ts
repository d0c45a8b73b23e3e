import { type TeacherSource } from '@tfjs-distill/core';
import { type ModelPort } from '../teachers/ModelRuntime.js';
import { samplesOf } from '../teachers/remote/mergedValues.js';
import { mergeRequests } from '../teachers/remote/mergeRequests.js';
import { type Body } from '../teachers/remote/restMessages.js';
import { encodeAnswer, type InferRequest } from './inferMessages.js';
import { teacherModel } from './teacherModel.js';

export interface ServedModelOptions {
  /** Name of the model in addresses. Default the teacher's. */
  readonly name?: string | undefined;
  /** Names these very weights: stores carry it. Default 1. */
  readonly version?: string | undefined;
  /** Most samples that the teacher is asked about at once. Default 32. */
  readonly batchSize?: number | undefined;
  /** Milliseconds that a smaller request waits for others to go along. Default 0. */
  readonly window?: number | undefined;
  /** Batches under way at once: 1 for a model of this process, more where the teacher is a server. Default 1. */
  readonly concurrency?: number | undefined;
}

export interface ServeCounts {
  /** Answered. */
  readonly requests: number;
  readonly samples: number;
  /** That the teacher was asked about. */
  readonly batches: number;
}

/** A teacher as a model with an address of its own; transport is the caller's. */
export interface ServedModel {
  /** Of its address: `/v2/models/NAME`. */
  readonly path: string;
  readonly version: string;
  readonly counts: ServeCounts;
  /** What there is to read at a path: descriptions of server and model. */
  page(path: string): object | undefined;
  answer(question: InferRequest): Promise<Body>;
}

const EXTENSIONS = ['binary_tensor_data', 'model_configuration', 'statistics'];

export function servedModel(teacher: TeacherSource, options: ServedModelOptions): ServedModel {
  const { name = teacher.name, version = '1', batchSize = 32, concurrency = 1, window } = options;
  const { inputs, outputs, infer } = teacherModel(teacher);
  const counts = { requests: 0, samples: 0, batches: 0 };
  const counted: typeof infer = (...question) => {
    counts.batches += 1;
    return infer(...question);
  };
  const merged = mergeRequests(counted, { batchSize, concurrency, window });
  const path = `/v2/models/${encodeURIComponent(name)}`;
  const ports = { inputs: inputs.map(toJson), outputs: outputs.map(toJson) };
  const pages: Readonly<Record<string, () => object>> = {
    '/v2': () => ({ name: 'tfjs-distill', version: '1', extensions: EXTENSIONS }),
    '/v2/health/live': () => ({ live: true }),
    '/v2/health/ready': () => ({ ready: true }),
    [path]: () => ({ name, versions: [version], platform: 'tfjs-distill', ...ports }),
    [`${path}/ready`]: () => ({ name, ready: true }),
    [`${path}/config`]: () => ({ name, max_batch_size: batchSize }),
    [`${path}/stats`]: () => ({ model_stats: [statistics(name, version, counts)] }),
  };
  return {
    path,
    version,
    counts,
    page: (place) => pages[place]?.(),
    async answer(question) {
      const answer = await merged(question.inputs, question.outputs);
      counts.requests += 1;
      counts.samples += samplesOf(question.inputs);
      return encodeAnswer({ name, version }, question, answer);
    },
  };
}

/** The protocol has −1 where a size is free. */
const toJson = ({ name, datatype, shape }: ModelPort) => ({
  name,
  datatype,
  shape: shape?.map((size) => size ?? -1) ?? [],
});

/** @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md */
const statistics = (name: string, version: string, { requests, samples, batches }: ServeCounts) => ({
  name,
  version,
  inference_count: samples,
  execution_count: batches,
  inference_stats: { success: { count: requests } },
});
