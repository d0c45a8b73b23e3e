/** What `distill label` was told. */
export interface LabelFlags {
  readonly teacher?: string;
  readonly data?: string;
  readonly out?: string;
  readonly split: 'train' | 'test';
  readonly kind: 'logits' | 'probabilities' | 'top-k' | 'features';
  readonly k?: number;
  readonly temperature?: number;
  readonly features?: readonly string[];
  readonly dtype: 'float32' | 'float16';
  readonly batchSize: number;
  readonly limit?: number;
  readonly shard?: string;
  readonly engine?: string;
  readonly hourlyPrice?: number;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly queue?: string;
  readonly shardSize?: number;
  readonly attempts?: number;
  readonly maxQueued?: number;
  readonly s3Endpoint?: string;
  readonly keepShards?: boolean;
  readonly metricsPort?: number;
}
