/** What a cluster has to grant, to be applied as it stands: what the hub looks at, and nothing more. */
export const CLUSTER_ROLE = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: clustermaster
rules:
  - apiGroups: [""]
    resources: [namespaces]
    resourceNames: [kube-system]
    verbs: [get]
  - apiGroups: [""]
    resources: [nodes, persistentvolumeclaims]
    verbs: [get, list]
  - apiGroups: [apps]
    resources: [statefulsets]
    verbs: [get, list]
  - nonResourceURLs: [/version]
    verbs: [get]
`;

export const SERVICE_ACCOUNT = `apiVersion: v1
kind: Namespace
metadata:
  name: clustermaster
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: hub
  namespace: clustermaster
---
apiVersion: v1
kind: Secret
metadata:
  name: hub-token
  namespace: clustermaster
  annotations:
    kubernetes.io/service-account.name: hub
type: kubernetes.io/service-account-token
---
${CLUSTER_ROLE}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: clustermaster
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: clustermaster
subjects:
  - kind: ServiceAccount
    name: hub
    namespace: clustermaster
`;

export const MAKE_KUBECONFIG = `kubectl apply -f clustermaster.yaml
TOKEN=$(kubectl -n clustermaster get secret hub-token -o jsonpath='{.data.token}' | base64 -d)
(umask 077 && kubectl config view --minify --flatten --raw > all.kubeconfig)
kubectl --kubeconfig all.kubeconfig config set-credentials clustermaster --token="$TOKEN"
kubectl --kubeconfig all.kubeconfig config set-context --current --user=clustermaster
(umask 077 && kubectl --kubeconfig all.kubeconfig config view --minify --flatten --raw > hub.kubeconfig)
rm all.kubeconfig
`;
