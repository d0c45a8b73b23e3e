import { type FullTap } from 'tapable';
import { DistillError } from '../errors.js';
import { type Hooks } from './createHooks.js';
import { type HookName } from './HookSignatures.js';
import { type Plugin, pluginHooks, STAGES } from './Plugin.js';

type Handler = (...args: unknown[]) => unknown;

/** What tapable keeps of a tap, and whether its plugin is still in use. */
interface PluginTap extends Partial<FullTap> {
  readonly live?: () => boolean;
  readonly traceable?: boolean | undefined;
}

interface TappableHook {
  taps: PluginTap[];
  tap(options: PluginTap, fn: Handler): void;
}

/** The plugins of one manager: taken in, taken out, disposed. tapable itself cannot forget a tap. */
export class PluginHost {
  readonly #undo = new Map<string, () => void>();
  readonly #plugins = new Map<string, Plugin>();

  constructor(readonly hooks: Hooks) {}

  /** Adds a plugin; returns its undo, which also disposes it, once. */
  use(plugin: Plugin): () => void {
    const handlers = pluginHooks(plugin);
    if (this.#undo.has(plugin.name)) {
      throw new DistillError('OPTION', `A plugin named "${plugin.name}" is in use already.`, {
        where: 'use',
      });
    }
    let used = true;
    const live = () => used;
    for (const [name, { order = 'normal', handler }] of handlers) {
      const listen: Handler = (...args) => (used ? (handler as Handler).apply(plugin, args) : undefined);
      const { name: plugged, traceable } = plugin;
      this.#tap(name, { name: plugged, stage: STAGES[order], live, traceable }, listen);
    }
    const undo = () => {
      if (!used) return;
      used = false;
      this.#undo.delete(plugin.name);
      this.#plugins.delete(plugin.name);
      plugin.dispose?.();
    };
    this.#undo.set(plugin.name, undo);
    this.#plugins.set(plugin.name, plugin);
    return undo;
  }

  /** Those in use, in the order in which they came. */
  get plugins(): readonly Plugin[] {
    return [...this.#plugins.values()];
  }

  /** The undo of every plugin in use, the last one first. */
  undoAll(): (() => void)[] {
    return [...this.#undo.values()].reverse();
  }

  #tap(name: HookName, options: PluginTap, listen: Handler): void {
    const hook = this.hooks[name] as unknown as TappableHook;
    // adding a tap makes tapable compile anew: the moment to drop those of plugins that are gone
    hook.taps = hook.taps.filter(({ live }) => live?.() ?? true);
    hook.tap(options, listen);
  }
}
