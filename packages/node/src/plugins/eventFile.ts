import checksum from '@chainsafe/fast-crc32c';
import protobuf from 'protobufjs';

/** The part of TensorFlow's messages that scalars need; field numbers are those of tensorboard/compat/proto. */
const MESSAGES = `
syntax = "proto3";
message Event { double wall_time = 1; int64 step = 2; oneof what { string file_version = 3; Summary summary = 5; } }
message Summary {
  message Value { string tag = 1; float simple_value = 2; }
  repeated Value value = 1;
}
`;

/** One entry of an event file. */
export interface TrainingEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  readonly fileVersion?: string;
  readonly summary?: { readonly value: readonly { readonly tag: string; readonly simpleValue: number }[] };
}

const Event = protobuf.parse(MESSAGES).root.lookupType('Event');

/** What every event file begins with. */
export const fileHeader = (wallTime: number): Uint8Array =>
  eventRecord({ wallTime, fileVersion: 'brain.Event:2' });

/**
 * An event as a record of a TFRecord file: length, masked CRC-32C of the length, the event, masked CRC-32C of it.
 *
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
export function eventRecord(event: TrainingEvent): Uint8Array {
  const data = Buffer.from(Event.encode(Event.fromObject(event)).finish());
  const record = Buffer.alloc(16 + data.length);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(masked(record.subarray(0, 8)), 8);
  data.copy(record, 12);
  record.writeUInt32LE(masked(data), 12 + data.length);
  return record;
}

/** Numbers of one step as an event. */
export function scalarEvent(
  wallTime: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const value = Object.entries(scalars).map(([tag, simpleValue]) => ({ tag, simpleValue }));
  return eventRecord({ wallTime, step, summary: { value } });
}

/** A checksum of data that may hold checksums itself. */
function masked(bytes: Buffer): number {
  const crc = checksum.calculate(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
