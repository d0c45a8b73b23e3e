import { Container, ContainerModule, type Newable } from 'inversify';
import { type Criterion } from '../criterion/Criterion.js';
import { type Injector } from './injector.js';
import { isPartsModule, type Module } from './Module.js';

/** Parts in a container of inversify's, one per manager: classes get what they ask for, `ContainerModule`s load. */
export const containerParts: Injector = (modules) => {
  const container = new Container({ defaultScope: 'Singleton', jitless: true });
  container.load(...modules.map(asContainerModule));
  return {
    offer: (token, make) => {
      if (!container.isBound(token)) container.bind(token).toResolvedValue(make);
    },
    get: (token) => container.get(token),
    all: (token) => (container.isBound(token) ? container.getAll(token) : []),
    construct: (Class) => {
      const token = Class as Newable<Criterion>;
      if (!container.isBound(token)) container.bind(token).toSelf();
      return container.get(token);
    },
  };
};

function asContainerModule(module: Module): ContainerModule {
  if (!isPartsModule(module)) return module as ContainerModule;
  return new ContainerModule(({ bind }) => {
    for (const [token, part] of module.parts) bind(token).toConstantValue(part);
  });
}
