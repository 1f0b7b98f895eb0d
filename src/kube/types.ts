import type * as k8s from '@kubernetes/client-node';

/**
 * The Kubernetes types as they are on the wire. client-node's classes are right about the fields, but they hold Dates
 * where the wire has strings; here every time is the RFC 3339 string that was sent. Type-only: nothing of client-node
 * is loaded.
 */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

export type ObjectMeta = Wire<k8s.V1ObjectMeta>;
export type ObjectReference = Wire<k8s.V1ObjectReference>;
export type LabelSelector = Wire<k8s.V1LabelSelector>;

/** What every API object has. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

export type Pod = Wire<k8s.V1Pod>;
export type PodSpec = Wire<k8s.V1PodSpec>;
export type PodStatus = Wire<k8s.V1PodStatus>;
export type PodCondition = Wire<k8s.V1PodCondition>;
export type Container = Wire<k8s.V1Container>;
export type EphemeralContainer = Wire<k8s.V1EphemeralContainer>;
export type ContainerStatus = Wire<k8s.V1ContainerStatus>;
export type Volume = Wire<k8s.V1Volume>;
export type Node = Wire<k8s.V1Node>;
export type NodeStatus = Wire<k8s.V1NodeStatus>;
export type NodeCondition = Wire<k8s.V1NodeCondition>;
export type NodeSelector = Wire<k8s.V1NodeSelector>;
export type NodeSelectorTerm = Wire<k8s.V1NodeSelectorTerm>;
export type Taint = Wire<k8s.V1Taint>;
export type Toleration = Wire<k8s.V1Toleration>;
export type Lease = Wire<k8s.V1Lease>;
export type KubeEvent = Wire<k8s.CoreV1Event>;
export type Namespace = Wire<k8s.V1Namespace>;
export type ConfigMap = Wire<k8s.V1ConfigMap>;
export type Secret = Wire<k8s.V1Secret>;
export type Service = Wire<k8s.V1Service>;
export type Binding = Wire<k8s.V1Binding>;
export type TokenRequest = Wire<k8s.AuthenticationV1TokenRequest>;
export type TokenReview = Wire<k8s.V1TokenReview>;
export type SubjectAccessReview = Wire<k8s.V1SubjectAccessReview>;
export type CertificateSigningRequest = Wire<k8s.V1CertificateSigningRequest>;
export type Status = Wire<k8s.V1Status>;
