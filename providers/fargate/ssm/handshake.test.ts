import { expect, it } from 'vitest';
import { answerHandshake } from './handshake.ts';

function request(...actions: object[]): Buffer {
  return Buffer.from(JSON.stringify({ AgentVersion: '3.3.0.0', RequestedClientActions: actions }));
}

const shell = {
  ActionType: 'SessionType',
  ActionParameters: { SessionType: 'InteractiveCommands', Properties: {} },
};

it('takes a session with a shell', () => {
  const { response, refusal } = answerHandshake(request(shell));
  expect(refusal).toBeUndefined();
  expect(JSON.parse(response.toString())).toEqual({
    ClientVersion: '1.2.764.0',
    ProcessedClientActions: [{ ActionType: 'SessionType', ActionStatus: 1, ActionResult: null, Error: '' }],
    Errors: [],
  });
});

it.each([
  ['KMSEncryption', { KMSKeyId: 'arn:aws:kms:x' }, 2, /remove kmsKeyId from the executeCommandConfiguration/],
  ['SessionType', { SessionType: 'Port' }, 2, /"Port", which is no shell/],
  ['Dance', null, 3, /"Dance", which is not known/],
])('refuses %s to the agent and to the caller', (ActionType, ActionParameters, ActionStatus, says) => {
  const { response, refusal } = answerHandshake(request(shell, { ActionType, ActionParameters }));
  const { ProcessedClientActions: processed, Errors: errors } = JSON.parse(response.toString());
  expect(processed[1]).toMatchObject({ ActionType, ActionStatus, Error: expect.stringMatching(says) });
  expect(errors).toHaveLength(1);
  expect(refusal).toMatchObject({ kind: 'Unsupported', message: expect.stringMatching(says) });
});

it.each(['{', 'null', '{}', '[]'])('throws at %s', (text) => {
  expect(() => answerHandshake(Buffer.from(text))).toThrow(Error);
});
