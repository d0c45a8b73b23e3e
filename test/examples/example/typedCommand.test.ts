import { describe, expect, it } from 'vitest';
import { typedCommand } from '../../../packages/examples/src/example/typedCommand.js';

describe('typedCommand', () => {
  const places = { '--data': 'FOLDER', '--teacher': 'FILE' };

  it('keeps places of this machine to itself', () => {
    expect(typedCommand('npm start', ['--full', '--data', '/here/d', '--teacher=/here/t=1'], places)).toBe(
      'npm start -- --full --data FOLDER --teacher=FILE',
    );
  });

  it('leaves out what decides nothing', () => {
    expect(typedCommand('npm start', ['--record', '--json'], places)).toBe('npm start');
    expect(typedCommand('npm start', ['--seeds', '3', '--record'], places)).toBe('npm start -- --seeds 3');
  });
});
