import type { Machine, Purchase, Resources } from '../../../providers/contract/index.ts';
import type { Asked } from '../../capacity/asked.ts';
import { amountsText, wasteText } from '../../capacity/asked-text.ts';
import { moneyText } from '../../capacity/cost.ts';
import { formatQuantity, quantityOfBytes, quantityOfMillis } from '../../kube/quantity.ts';
import { alignColumns } from '../align-columns.ts';
import type { Manifest } from '../manifests/parse-manifests.ts';
import type { CheckOutcome, PodCheck } from './check-pods.ts';

export function isRefused({ verdict }: PodCheck): boolean {
  return !verdict.admitted;
}

/** For people. The message of a refusal is word for word what the daemon writes into the status of the Pod. */
export function textReport(
  { pods, others }: Omit<CheckOutcome, 'problems'>,
  provider: string,
  verbose: boolean,
): string {
  const heads = alignColumns(pods.map(headOf));
  const lines = pods.flatMap((pod, index) => [heads[index] ?? '', ...detailsOf(pod, verbose)]);
  if (verbose) lines.push(...others.map((other) => `${placeOf(other)}  ${titleOf(other)} makes no Pods`));
  return [...lines, ...(lines.length > 0 ? [''] : []), summaryOf(pods, others, provider, verbose)].join('\n');
}

/** For programs. */
export function jsonReport({ pods, others }: CheckOutcome, provider: string): string {
  const report = {
    provider,
    refused: pods.filter(isRefused).length,
    pods: pods.map(
      ({ manifest, copies, requests, asked, purchases, machine, verdict, warnings, lineOf }) => ({
        ...identityOf(manifest),
        copies: copies ?? null,
        requests: quantitiesOf(requests),
        ...(asked && {
          asked: quantitiesOf(asked),
          instances: purchases.map(instanceOf),
          ...(machine && { machine }),
        }),
        admitted: verdict.admitted,
        ...(verdict.admitted
          ? {
              emulated: verdict.emulated,
              warnings: warnings.map((warning) => ({ ...warning, lines: warning.fields.map(lineOf) })),
              notEnforced: verdict.unenforced.map((use) => ({ ...use, lines: use.fields.map(lineOf) })),
            }
          : {
              reason: verdict.reason,
              message: verdict.message,
              findings: verdict.findings.map((finding) => ({
                ...finding,
                lines: finding.fields.map(lineOf),
              })),
            }),
      }),
    ),
    others: others.map(identityOf),
  };
  return JSON.stringify(report, null, 2);
}

function headOf({ manifest, copies, requests, verdict }: PodCheck): string[] {
  const size = Object.entries(quantitiesOf(requests)).map(([name, amount]) => `${name} ${amount}`);
  const each = size.length === 0 ? 'no requests' : size.join(', ');
  const count = copies === 1 ? '' : copies === undefined ? 'one per node, ' : `${copies} Pods, each `;
  return [placeOf(manifest), titleOf(manifest), verdict.admitted ? 'ok' : 'refused', `${count}${each}`];
}

function detailsOf(
  { manifest, asked, purchases, machine, verdict, warnings, lineOf }: PodCheck,
  verbose: boolean,
): string[] {
  if (!verdict.admitted) {
    const fields = [...new Set(verdict.findings.flatMap(({ fields }) => fields))];
    return [
      `    ${verdict.reason}: ${verdict.message}`,
      ...fields.map((field) => `    ${manifest.file}:${lineOf(field)}: ${field}`),
    ];
  }
  const bought = asked === undefined ? [] : purchases.map((purchase) => purchaseLine(purchase, asked));
  if (machine !== undefined && bought.length > 0) bought.push(machineLine(machine));
  const unenforced = verdict.unenforced.flatMap(({ fields, why }) =>
    fields.map((field) => `    not enforced: ${manifest.file}:${lineOf(field)}: ${field}: ${why}`),
  );
  const warned = warnings.flatMap(({ text, fields }) => [
    `    warning: ${text}`,
    ...fields.map((field) => `    ${manifest.file}:${lineOf(field)}: ${field}`),
  ]);
  if (!verbose) return [...bought, ...unenforced, ...warned];
  const notes = verdict.emulated.flatMap(({ fields, how }) =>
    fields.map((field) => `    note: ${field}: ${how}`),
  );
  return [...bought, ...unenforced, ...warned, ...notes];
}

function purchaseLine({ market, offer, size, price }: Purchase, asked: Asked): string {
  const hourly =
    price === undefined
      ? 'at a price not known'
      : `for ${moneyText(price.perSecond * 3600, price.currency)} per hour`;
  return `    ${market}: ${size.name} (${amountsText(size)}) at ${offer} ${hourly}; not asked for: ${wasteText(asked, size)}`;
}

function machineLine({ name, perHour, currency, asOf, ...amounts }: Machine): string {
  const hourly = moneyText(perHour, currency);
  return `    to compare: a machine that holds it, ${name} (${amountsText(amounts)}), for ${hourly} per hour (list price of ${asOf})`;
}

function instanceOf({ market, offer, size, price }: Purchase) {
  return {
    ...{ market, offer, size: size.name, resources: quantitiesOf(size) },
    ...(price && { pricePerSecond: price.perSecond, currency: price.currency }),
  };
}

function summaryOf(
  pods: readonly PodCheck[],
  others: readonly Manifest[],
  provider: string,
  verbose: boolean,
): string {
  const refused = pods.filter(isRefused).length;
  const notes = pods.filter(({ verdict }) => verdict.admitted && verdict.emulated.length > 0).length;
  const judged =
    pods.length === 0
      ? 'No Pods to judge'
      : `${counted(pods.length, 'kind of Pod', 'kinds of Pods')} for the provider ${provider}: ${pods.length - refused} ok, ${refused} refused`;
  const lax = pods.filter(({ verdict }) => verdict.admitted && verdict.unenforced.length > 0).length;
  const consent = lax === 0 ? '' : `\n${lax} of them would run without restraints that they ask for.`;
  const rest = others.length === 0 ? '' : `; ${counted(others.length, 'other object', 'other objects')}`;
  const hint =
    notes > 0 && !verbose
      ? `\nSome fields have their effect by other means in ${notes} of them; --verbose tells.`
      : '';
  return `${judged}${rest}.${consent}${hint}`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function identityOf({ file, line, object }: Manifest): Readonly<Record<string, string | number>> {
  const { kind, metadata } = object;
  const name = metadata.name ?? `${metadata.generateName}*`;
  return { file, line, kind, ...(metadata.namespace ? { namespace: metadata.namespace } : {}), name };
}

function placeOf({ file, line }: Manifest): string {
  return `${file}:${line}`;
}

function titleOf({ object: { kind, metadata } }: Manifest): string {
  const name = metadata.name ?? `${metadata.generateName}*`;
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${name}`;
}

/** As Kubernetes writes them: `{ cpu: '250m', memory: '64Mi' }`. */
function quantitiesOf({ cpuMillis, memoryBytes, ephemeralStorageBytes, extended }: Resources) {
  const found: Record<string, string> = {};
  if (cpuMillis !== undefined) found.cpu = formatQuantity(quantityOfMillis(cpuMillis));
  if (memoryBytes !== undefined) found.memory = formatQuantity(quantityOfBytes(memoryBytes));
  if (ephemeralStorageBytes !== undefined)
    found['ephemeral-storage'] = formatQuantity(quantityOfBytes(ephemeralStorageBytes));
  for (const [name, amount] of Object.entries(extended ?? {})) found[name] = String(amount);
  return found;
}
