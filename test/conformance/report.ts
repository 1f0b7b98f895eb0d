/** What ginkgo writes with --json-report, as far as it is read here. */
export interface GinkgoSuite {
  readonly SpecReports: readonly GinkgoSpec[] | null;
}

interface GinkgoSpec {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly State: string;
  /** Nanoseconds. */
  readonly RunTime: number;
  readonly Failure?: { readonly Message: string };
}

export interface Outcome {
  /** `[sig-node] Pods should ...`, without labels. */
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** The first line of what went wrong. */
  readonly failure: string;
}

/** The tests that ran, by name. Those that a focus left out are not in it. */
export function outcomesOf(suites: readonly GinkgoSuite[]): Outcome[] {
  return suites
    .flatMap(({ SpecReports }) => SpecReports ?? [])
    .filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State !== 'skipped' && State !== 'pending')
    .map((spec) => ({
      name: [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText]
        .join(' ')
        .replaceAll(
          / \[(NodeConformance|Conformance|LinuxOnly|Feature:[^\]]*|MinimumKubeletVersion:[^\]]*)\]/g,
          '',
        ),
      passed: spec.State === 'passed',
      seconds: Math.round(spec.RunTime / 1e9),
      failure: (spec.Failure?.Message ?? '').split('\n')[0] ?? '',
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
