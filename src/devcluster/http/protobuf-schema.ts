/**
 * The protobuf messages that kubectl's generators send (`kubectl create configmap`, `auth can-i`, `drain`, ...): field
 * number, JSON name and type, where a type is `string` unless said, `X[]` a list, `map` of strings, `...X` a message
 * whose fields stand inline in JSON. A `Status` is not read: no client sets one this way. `?` marks what may be zero and yet be meant (a Go pointer).
 * Facts: the protobuf tags of k8s.io/api and k8s.io/apimachinery.
 */
export const messages: Readonly<Record<string, string>> = {
  ObjectMeta:
    '1 name, 2 generateName, 3 namespace, 4 selfLink, 5 uid, 6 resourceVersion, 7 generation:int, 8 creationTimestamp:Time, 9 deletionTimestamp:Time, 10 deletionGracePeriodSeconds:int?, 11 labels:map, 12 annotations:map, 13 ownerReferences:OwnerReference[], 14 finalizers:string[]',
  OwnerReference: '1 kind, 3 name, 4 uid, 5 apiVersion, 6 controller:bool?, 7 blockOwnerDeletion:bool?',
  LabelSelector: '1 matchLabels:map, 2 matchExpressions:LabelSelectorRequirement[]',
  LabelSelectorRequirement: '1 key, 2 operator, 3 values:string[]',
  DeleteOptions:
    '1 gracePeriodSeconds:int?, 2 preconditions:Preconditions, 3 orphanDependents:bool?, 4 propagationPolicy, 5 dryRun:string[]',
  Preconditions: '1 uid, 2 resourceVersion',

  ConfigMap: '1 metadata:ObjectMeta, 2 data:map, 3 binaryData:map<bytes>, 4 immutable:bool?',
  Secret: '1 metadata:ObjectMeta, 2 data:map<bytes>, 3 type, 4 stringData:map, 5 immutable:bool?',
  Namespace: '1 metadata:ObjectMeta, 2 spec:NamespaceSpec, 3 status:Status',
  NamespaceSpec: '1 finalizers:string[]',
  ServiceAccount:
    '1 metadata:ObjectMeta, 2 secrets:ObjectReference[], 3 imagePullSecrets:LocalObjectReference[], 4 automountServiceAccountToken:bool?',
  ObjectReference: '1 kind, 2 namespace, 3 name, 4 uid, 5 apiVersion, 6 resourceVersion, 7 fieldPath',
  LocalObjectReference: '1 name',
  Service: '1 metadata:ObjectMeta, 2 spec:ServiceSpec, 3 status:Status',
  ServiceSpec:
    '1 ports:ServicePort[], 2 selector:map, 3 clusterIP, 4 type, 5 externalIPs:string[], 7 sessionAffinity, 8 loadBalancerIP, 9 loadBalancerSourceRanges:string[], 10 externalName, 11 externalTrafficPolicy, 12 healthCheckNodePort:int, 13 publishNotReadyAddresses:bool',
  ServicePort: '1 name, 2 protocol, 3 port:int, 4 targetPort:IntOrString, 5 nodePort:int, 6 appProtocol',

  Deployment: '1 metadata:ObjectMeta, 2 spec:DeploymentSpec, 3 status:Status',
  DeploymentSpec:
    '1 replicas:int?, 2 selector:LabelSelector, 3 template:PodTemplateSpec, 4 strategy:DeploymentStrategy, 5 minReadySeconds:int, 6 revisionHistoryLimit:int?, 7 paused:bool, 9 progressDeadlineSeconds:int?',
  DeploymentStrategy: '1 type',
  Job: '1 metadata:ObjectMeta, 2 spec:JobSpec, 3 status:Status',
  JobSpec:
    '1 parallelism:int?, 2 completions:int?, 3 activeDeadlineSeconds:int?, 4 selector:LabelSelector, 5 manualSelector:bool?, 6 template:PodTemplateSpec, 7 backoffLimit:int?, 8 ttlSecondsAfterFinished:int?, 9 completionMode, 10 suspend:bool?, 14 podReplacementPolicy',
  CronJob: '1 metadata:ObjectMeta, 2 spec:CronJobSpec, 3 status:Status',
  CronJobSpec:
    '1 schedule, 2 startingDeadlineSeconds:int?, 3 concurrencyPolicy, 4 suspend:bool?, 5 jobTemplate:JobTemplateSpec, 6 successfulJobsHistoryLimit:int?, 7 failedJobsHistoryLimit:int?, 8 timeZone',
  JobTemplateSpec: '1 metadata:ObjectMeta, 2 spec:JobSpec',
  PodTemplateSpec: '1 metadata:ObjectMeta, 2 spec:PodSpec',
  PodSpec:
    '1 volumes:Volume[], 2 containers:Container[], 3 restartPolicy, 4 terminationGracePeriodSeconds:int?, 5 activeDeadlineSeconds:int?, 6 dnsPolicy, 7 nodeSelector:map, 8 serviceAccountName, 9 serviceAccount, 10 nodeName, 11 hostNetwork:bool, 12 hostPID:bool, 13 hostIPC:bool, 14 securityContext:PodSecurityContext, 15 imagePullSecrets:LocalObjectReference[], 16 hostname, 17 subdomain, 19 schedulerName, 20 initContainers:Container[], 21 automountServiceAccountToken:bool?, 22 tolerations:Toleration[], 24 priorityClassName, 25 priority:int?, 27 shareProcessNamespace:bool?, 29 runtimeClassName, 30 enableServiceLinks:bool?, 31 preemptionPolicy, 35 setHostnameAsFQDN:bool?, 37 hostUsers:bool?',
  PodSecurityContext:
    '2 runAsUser:int?, 3 runAsNonRoot:bool?, 4 supplementalGroups:int[], 5 fsGroup:int?, 6 runAsGroup:int?',
  Toleration: '1 key, 2 operator, 3 value, 4 effect, 5 tolerationSeconds:int?',
  Container:
    '1 name, 2 image, 3 command:string[], 4 args:string[], 5 workingDir, 6 ports:ContainerPort[], 7 env:EnvVar[], 8 resources:ResourceRequirements, 9 volumeMounts:VolumeMount[], 13 terminationMessagePath, 14 imagePullPolicy, 16 stdin:bool, 17 stdinOnce:bool, 18 tty:bool, 19 envFrom:EnvFromSource[], 20 terminationMessagePolicy, 24 restartPolicy',
  ContainerPort: '1 name, 2 hostPort:int, 3 containerPort:int, 4 protocol, 5 hostIP',
  EnvVar: '1 name, 2 value, 3 valueFrom:EnvVarSource',
  EnvVarSource:
    '1 fieldRef:ObjectFieldSelector, 2 resourceFieldRef:ResourceFieldSelector, 3 configMapKeyRef:KeySelector, 4 secretKeyRef:KeySelector',
  ObjectFieldSelector: '1 apiVersion, 2 fieldPath',
  ResourceFieldSelector: '1 containerName, 2 resource, 3 divisor:Quantity',
  KeySelector: '1 ...LocalObjectReference, 2 key, 3 optional:bool?',
  EnvFromSource: '1 prefix, 2 configMapRef:OptionalReference, 3 secretRef:OptionalReference',
  OptionalReference: '1 ...LocalObjectReference, 2 optional:bool?',
  ResourceRequirements: '1 limits:map<Quantity>, 2 requests:map<Quantity>',
  VolumeMount: '1 name, 2 readOnly:bool, 3 mountPath, 4 subPath, 5 mountPropagation, 6 subPathExpr',
  Volume: '1 name, 2 ...VolumeSource',
  VolumeSource:
    '1 hostPath:HostPath, 2 emptyDir:EmptyDir, 6 secret:SecretVolume, 19 configMap:ConfigMapVolume',
  HostPath: '1 path, 2 type',
  EmptyDir: '1 medium, 2 sizeLimit:Quantity',
  SecretVolume: '1 secretName, 2 items:KeyToPath[], 3 defaultMode:int?, 4 optional:bool?',
  ConfigMapVolume: '1 ...LocalObjectReference, 2 items:KeyToPath[], 3 defaultMode:int?, 4 optional:bool?',
  KeyToPath: '1 key, 2 path, 3 mode:int?',

  Role: '1 metadata:ObjectMeta, 2 rules:PolicyRule[]',
  ClusterRole: '1 metadata:ObjectMeta, 2 rules:PolicyRule[], 3 aggregationRule:AggregationRule',
  AggregationRule: '1 clusterRoleSelectors:LabelSelector[]',
  PolicyRule:
    '1 verbs:string[], 2 apiGroups:string[], 3 resources:string[], 4 resourceNames:string[], 5 nonResourceURLs:string[]',
  RoleBinding: '1 metadata:ObjectMeta, 2 subjects:Subject[], 3 roleRef:RoleRef',
  ClusterRoleBinding: '1 metadata:ObjectMeta, 2 subjects:Subject[], 3 roleRef:RoleRef',
  Subject: '1 kind, 2 apiGroup, 3 name, 4 namespace',
  RoleRef: '1 apiGroup, 2 kind, 3 name',
  PodDisruptionBudget: '1 metadata:ObjectMeta, 2 spec:PodDisruptionBudgetSpec, 3 status:Status',
  PodDisruptionBudgetSpec:
    '1 minAvailable:IntOrString?, 2 selector:LabelSelector, 3 maxUnavailable:IntOrString?, 4 unhealthyPodEvictionPolicy',
  PriorityClass:
    '1 metadata:ObjectMeta, 2 value:int?, 3 globalDefault:bool, 4 description, 5 preemptionPolicy',
  Eviction: '1 metadata:ObjectMeta, 2 deleteOptions:DeleteOptions',

  TokenRequest: '1 metadata:ObjectMeta, 2 spec:TokenRequestSpec, 3 status:Status',
  TokenRequestSpec: '1 audiences:string[], 3 boundObjectRef:BoundObjectReference, 4 expirationSeconds:int?',
  BoundObjectReference: '1 kind, 2 apiVersion, 3 name, 4 uid',
  SelfSubjectReview: '1 metadata:ObjectMeta, 2 status:Status',
  SelfSubjectAccessReview: '1 metadata:ObjectMeta, 2 spec:SelfSubjectAccessReviewSpec, 3 status:Status',
  SelfSubjectAccessReviewSpec:
    '1 resourceAttributes:ResourceAttributes, 2 nonResourceAttributes:NonResourceAttributes',
  ResourceAttributes: '1 namespace, 2 verb, 3 group, 4 version, 5 resource, 6 subresource, 7 name',
  NonResourceAttributes: '1 path, 2 verb',
};
