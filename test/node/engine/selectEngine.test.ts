import { type Engine, type EngineName, selectEngine, type Verdict } from '@tfjs-distill/node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { selectFrom } from '../../../packages/node/src/engine/selectEngine.js';

const USABLE: Verdict = { usable: true, version: '1.2.3' };
const MISSING: Verdict = { usable: false, reason: 'not installed', remedy: '`npx get it`' };
const IMPOSSIBLE: Verdict = { usable: false, reason: 'no card here' };

function engine(name: EngineName, verdict: Verdict, load = async () => {}): Engine {
  return { name, backend: name, description: `the ${name}`, probe: async () => verdict, load };
}

beforeEach(() => void vi.stubEnv('DISTILL_ENGINE', undefined));
afterEach(() => void vi.unstubAllEnvs());

describe('selectEngine', () => {
  it('takes the first that is usable and says why the faster ones are not', async () => {
    const lines: string[] = [];
    const report = await selectFrom(
      [
        engine('tensorflow-gpu', IMPOSSIBLE),
        engine('tensorflow', MISSING),
        engine('wasm', USABLE),
        engine('cpu', USABLE),
      ],
      { onMessage: (line) => lines.push(line) },
    );
    expect(report).toEqual({
      engine: 'wasm',
      backend: 'wasm',
      description: 'the wasm',
      version: '1.2.3',
      facts: {},
      forced: false,
      passedOver: [
        { engine: 'tensorflow-gpu', reason: 'no card here' },
        { engine: 'tensorflow', reason: 'not installed', remedy: '`npx get it`' },
      ],
    });
    expect(lines).toEqual([
      'Engine: wasm 1.2.3 (the wasm).',
      'Faster: tensorflow: not installed; `npx get it`.',
    ]);
  });

  it('says nothing of faster engines that cannot be had', async () => {
    const lines: string[] = [];
    const engines = [engine('tensorflow-gpu', IMPOSSIBLE), engine('wasm', USABLE)];
    await selectFrom(engines, { onMessage: (line) => lines.push(line) });
    expect(lines).toEqual(['Engine: wasm 1.2.3 (the wasm).']);
  });

  it('passes over an engine that fails to load after a good probe, with the reason', async () => {
    const broken = engine('tensorflow', USABLE, async () => Promise.reject(new Error('symbol not found')));
    const { engine: name, passedOver } = await selectFrom([broken, engine('wasm', USABLE)]);
    expect(name).toBe('wasm');
    expect(passedOver[0]?.reason).toBe('does not load: symbol not found');
  });

  it('loads nothing but the engine that it takes', async () => {
    const loaded: string[] = [];
    const noting = (name: EngineName, verdict: Verdict) =>
      engine(name, verdict, async () => void loaded.push(name));
    await selectFrom([noting('tensorflow', MISSING), noting('wasm', USABLE), noting('cpu', USABLE)]);
    expect(loaded).toEqual(['wasm']);
  });

  it('obeys the option, then DISTILL_ENGINE', async () => {
    const engines = [engine('wasm', USABLE), engine('cpu', USABLE), engine('tensorflow', USABLE)];
    vi.stubEnv('DISTILL_ENGINE', 'cpu');
    expect(await selectFrom(engines)).toMatchObject({ engine: 'cpu', forced: true });
    expect(await selectFrom(engines, { engine: 'tensorflow' })).toMatchObject({
      engine: 'tensorflow',
      forced: true,
    });
    vi.stubEnv('DISTILL_ENGINE', '');
    expect(await selectFrom(engines)).toMatchObject({ engine: 'wasm', forced: false });
  });

  it('takes an engine that runs by name only, where it is named', async () => {
    const software = engine('webgpu', { ...USABLE, onlyByName: 'its adapter is software' });
    const engines = [software, engine('wasm', USABLE)];
    expect(await selectFrom(engines)).toMatchObject({
      engine: 'wasm',
      passedOver: [{ engine: 'webgpu', reason: 'its adapter is software' }],
    });
    expect(await selectFrom(engines, { engine: 'webgpu' })).toMatchObject({ engine: 'webgpu' });
  });

  it('says why and what to type where the forced one is not usable', async () => {
    await expect(
      selectFrom([engine('tensorflow', MISSING), engine('cpu', USABLE)], { engine: 'tensorflow' }),
    ).rejects.toMatchObject({
      code: 'ENGINE',
      message: 'selectEngine: No usable engine: tensorflow: not installed; `npx get it`.',
    });
  });

  it('offers the nearest name for a slip', async () => {
    await expect(selectEngine({ engine: 'wsam' as EngineName })).rejects.toThrow(
      'selectEngine: Unknown engine "wsam". Did you mean "wasm"?',
    );
  });
});
