import { ProviderError } from '../../contract/index.ts';

/** The version of AWS' own client whose behaviour this has; the agent looks at it before it uses newer parts of the protocol. */
export const clientVersion = '1.2.764.0';

const status = { success: 1, failed: 2, unsupported: 3 } as const;

const shellTypes = ['Standard_Stream', 'InteractiveCommands'];

interface ClientAction {
  readonly ActionType?: string;
  readonly ActionParameters?: { readonly SessionType?: string } | null;
}

interface ProcessedAction {
  readonly ActionType: string;
  readonly ActionStatus: number;
  readonly ActionResult: null;
  readonly Error: string;
}

export interface HandshakeAnswer {
  /** What is said to the agent in any case: it ends the session when something failed. */
  readonly response: Buffer;
  /** Why there can be no session. */
  readonly refusal?: ProviderError;
}

/** Answers what the agent asks of a client before a session begins. Throws an Error when it is no such question. */
export function answerHandshake(request: Buffer): HandshakeAnswer {
  const { RequestedClientActions: actions }: { RequestedClientActions?: unknown } = JSON.parse(
    request.toString(),
  );
  if (!Array.isArray(actions)) throw new Error('a handshake without actions');
  const processed = actions.map((action: ClientAction) => processedAction(action));
  const errors = processed.map(({ Error: text }) => text).filter((text) => text !== '');
  const response = Buffer.from(
    JSON.stringify({ ClientVersion: clientVersion, ProcessedClientActions: processed, Errors: errors }),
  );
  if (errors.length === 0) return { response };
  return {
    response,
    refusal: new ProviderError('Unsupported', `the session cannot begin: ${errors.join('; ')}`),
  };
}

function processedAction({ ActionType = '', ActionParameters }: ClientAction): ProcessedAction {
  const outcome = (code: number, error: string): ProcessedAction => ({
    ...{ ActionType, ActionStatus: code, ActionResult: null, Error: error },
  });
  switch (ActionType) {
    case 'SessionType': {
      const type = ActionParameters?.SessionType ?? '';
      if (shellTypes.includes(type)) return outcome(status.success, '');
      return outcome(
        status.failed,
        `the agent offers a session of the type ${JSON.stringify(type)}, which is no shell`,
      );
    }
    case 'KMSEncryption':
      return outcome(
        status.failed,
        'the cluster has its sessions encrypted with a KMS key, which is not supported here: remove kmsKeyId from the executeCommandConfiguration of the cluster (TLS protects the session in any case), or use aws ecs execute-command',
      );
    default:
      return outcome(
        status.unsupported,
        `the agent asks for ${JSON.stringify(ActionType)}, which is not known here`,
      );
  }
}
