/** The conformance tests of upstream that exercise a node; the others test the API server or Service networking. */
export const focus = '\\[sig-(node|storage|apps|cli|auth)\\].*\\[Conformance\\]';
export const skip = '\\[Serial\\]|\\[Slow\\]|\\[Disruptive\\]';

/** About thirty of them, quick ones from each group, for every change. */
export const smoke = [
  'Containers should be able to override',
  'Containers should use the image defaults',
  'Variable Expansion should allow',
  'Downward API should provide',
  'InitContainer',
  'ConfigMap should be consumable via environment variable',
  'Pods should be submitted and removed',
  'Pods should get a host IP',
  'Container Runtime blackbox',
  'EmptyDir volumes should support \\(root,0644',
  'ConfigMap should be consumable from pods in volume \\[',
  'Projected secret should be consumable from pods in volume \\[',
  'Job should run a job to completion',
  'ReplicaSet should serve a basic image',
].join('|');
