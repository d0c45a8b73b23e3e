/**
 * A container module, without its type: made by `criteriaModule`, or with inversify's
 * `ContainerModule` and the tokens of `@tfjs-distill/core/di`. Opaque here, so that whoever does not
 * write modules needs no inversify.
 */
export type Module = object;
