import type { ContainerSpec, HookAction } from '../../contract/index.ts';
import type { RequestContainer } from '../api/eci-api.ts';
import { unfit } from './fault.ts';

interface Hook {
  readonly exec?: readonly string[];
  readonly host?: string;
  readonly path?: string;
  readonly port?: number;
  readonly scheme?: string;
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
}

export function hooksOf({ postStart, preStop }: ContainerSpec, field: string): Partial<RequestContainer> {
  return {
    ...(postStart && postStartOf(hookOf(postStart, `${field}.lifecycle.postStart`))),
    ...(preStop && preStopOf(hookOf(preStop, `${field}.lifecycle.preStop`))),
  };
}

function hookOf(action: HookAction, field: string): Hook {
  switch (action.kind) {
    case 'exec':
      return { exec: action.command };
    case 'http': {
      const { host, path, port, scheme, headers } = action;
      return {
        ...(host !== undefined && { host }),
        path,
        port,
        scheme,
        ...(headers.length > 0 && { headers }),
      };
    }
    case 'sleep':
      throw unfit(`${field}.sleep`, 'an instance has no sleep hook', 'use exec with the sleep of the image');
  }
}

function postStartOf({ exec, host, path, port, scheme, headers }: Hook): Partial<RequestContainer> {
  return {
    ...(exec && { lifecyclePostStartHandlerExec: exec }),
    ...(host !== undefined && { lifecyclePostStartHandlerHttpGetHost: host }),
    ...(path !== undefined && { lifecyclePostStartHandlerHttpGetPath: path }),
    ...(port !== undefined && { lifecyclePostStartHandlerHttpGetPort: port }),
    ...(scheme !== undefined && { lifecyclePostStartHandlerHttpGetScheme: scheme }),
    ...(headers && { lifecyclePostStartHandlerHttpGetHttpHeader: headers }),
  };
}

function preStopOf({ exec, host, path, port, scheme, headers }: Hook): Partial<RequestContainer> {
  return {
    ...(exec && { lifecyclePreStopHandlerExec: exec }),
    ...(host !== undefined && { lifecyclePreStopHandlerHttpGetHost: host }),
    ...(path !== undefined && { lifecyclePreStopHandlerHttpGetPath: path }),
    ...(port !== undefined && { lifecyclePreStopHandlerHttpGetPort: port }),
    ...(scheme !== undefined && { lifecyclePreStopHandlerHttpGetScheme: scheme }),
    ...(headers && { lifecyclePreStopHandlerHttpGetHttpHeader: headers }),
  };
}
