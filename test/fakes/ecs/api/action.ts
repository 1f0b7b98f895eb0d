/** What an action is told beside its input. */
export interface CallContext {
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
}

/** The JSON of a request goes in, what becomes the JSON of the answer comes out. Throws ServiceError. */
export type Action = (input: unknown, context: CallContext) => object | Promise<object>;

/** An action whose input has this shape: the SDK has seen to that. */
export function action<Input>(act: (input: Input, context: CallContext) => object | Promise<object>): Action {
  return (input, context) => act(input as Input, context);
}
