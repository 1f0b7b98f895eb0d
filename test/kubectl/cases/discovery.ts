import type { Suite } from '../case.ts';

export const discovery: Suite = {
  name: 'discovery',
  cases: [
    {
      name: 'version',
      steps: [
        { run: 'version', out: ['Client Version: v1.', /Server Version: v1\.\d+/] },
        { run: 'version -o json', out: ['"serverVersion"', '"gitVersion"'] },
      ],
    },
    {
      name: 'cluster-info',
      steps: [
        {
          run: 'cluster-info',
          out: [/Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1:\d+/],
        },
      ],
    },
    {
      name: 'api-versions',
      steps: [
        {
          run: 'api-versions',
          out: [/^v1$/m, /^apps\/v1$/m, /^batch\/v1$/m, /^coordination\.k8s\.io\/v1$/m],
        },
      ],
    },
    {
      name: 'api-resources',
      steps: [
        {
          run: 'api-resources',
          out: [
            /^pods +po +v1 +true +Pod$/m,
            /^deployments +deploy +apps\/v1 +true +Deployment$/m,
            /^nodes +no +v1 +false +Node$/m,
          ],
        },
        {
          run: 'api-resources --namespaced=false -o name',
          out: [/^nodes$/m, /^namespaces$/m],
          notOut: [/^pods$/m],
        },
        {
          run: 'api-resources --api-group=apps --sort-by=name -o wide',
          out: ['VERBS', /deployments .*create,delete.*all/],
        },
      ],
    },
    {
      name: 'explain',
      steps: [
        { run: 'explain pods', out: [/^KIND: +Pod$/m, /^VERSION: +v1$/m, /spec\t<PodSpec>/] },
        { run: 'explain pod.spec.containers.image', out: [/^FIELD: image <string>$/m, 'image name'] },
        {
          run: 'explain deployment.spec.strategy',
          out: [
            /^GROUP: +apps$/m,
            /rollingUpdate\t<RollingUpdateDeployment>/,
            'FIELD: strategy <DeploymentStrategy>',
          ],
        },
        {
          run: 'explain cronjob --recursive',
          out: [/jobTemplate\t<JobTemplateSpec> -required-/, /containers\t<\[\]Container> -required-/],
        },
        { run: 'explain pod.spec.nothing', exit: 1, err: ['field "nothing" does not exist'] },
        { run: 'explain nothing', exit: 1, err: ['the server doesn\'t have a resource type "nothing"'] },
      ],
    },
    {
      name: 'auth',
      steps: [
        { run: 'auth can-i create pods', exactly: 'yes' },
        { run: 'auth can-i delete deployments.apps --as=system:anonymous', exit: 1, out: [/^no/] },
        { run: 'auth whoami', out: [/Username +kubernetes-admin/, 'system:masters'] },
        { run: 'auth whoami -o jsonpath={.status.userInfo.username}', exactly: 'kubernetes-admin' },
      ],
    },
    {
      name: 'raw',
      steps: [
        { run: 'get --raw /readyz', exactly: 'ok' },
        { run: 'get --raw /livez?verbose', out: ['ok'] },
        { run: 'get --raw /api/v1/namespaces/default', out: ['"kind":"Namespace"'] },
        { run: 'get --raw /nowhere', exit: 1, err: ['the server could not find the requested resource'] },
      ],
    },
    {
      name: 'an unknown resource type',
      steps: [
        { run: 'get wombats', exit: 1, err: ['error: the server doesn\'t have a resource type "wombats"'] },
      ],
    },
  ],
};
