/** What can be done about a failure or an issue, by its code. A code that is not here is shown with its own message only. */
const NETWORK = 'See whether the API server runs, and whether this hub may reach its address: firewall, VPN, allowed addresses.';
const CREDENTIALS = 'Hand in a kubeconfig whose credentials the cluster accepts.';
const CERTIFICATE = 'Renew the certificate of the API server, or hand in a kubeconfig with the authority that signed it.';

const ADVICE: Record<string, string> = {
  'connection-refused': NETWORK,
  'connection-lost': NETWORK,
  'network-unreachable': NETWORK,
  'deadline-exceeded': NETWORK,
  'name-not-resolved': 'Look at the address in the kubeconfig: this hub cannot resolve its name.',
  'address-refused': 'This hub does not speak to addresses of that kind. Whoever runs it can allow them.',
  unauthorized: CREDENTIALS,
  'credentials-unusable': CREDENTIALS,
  'credentials-unreadable': 'The vault of the hub cannot read them any more: hand in a kubeconfig again, and tell whoever runs this hub.',
  forbidden: 'Bind the account of the kubeconfig to a role that may read nodes, stateful sets and volume claims.',
  'permission-missing': 'Bind the account of the kubeconfig to a role that may read what is named.',
  'certificate-invalid': CERTIFICATE,
  'certificate-expired': CERTIFICATE,
  'no-certificate-authority': CERTIFICATE,
  'tls-failed': 'See whether it is the API server that listens at this address, and which TLS versions it speaks.',
  'not-kubernetes': 'Look at the address in the kubeconfig: something else answers there.',
  'another-cluster': 'The address leads to another cluster than the one that was imported. Mend the address, or import that one by itself.',
  'server-busy': 'The API server asks for fewer requests. The hub waits, and tries again.',
  'server-error': 'Look at the logs of the API server.',
  'node-not-ready': 'Look at the kubelet of this node and at its conditions.',
  'node-pressure': 'This node runs out of memory, disk or process ids.',
  'statefulset-not-ready': 'Look at the pods of this workload and at their events.',
  'volume-pending': 'No volume was found for this claim: look at its storage class.',
  'volume-lost': 'The volume behind this claim is gone. Look whether there is a backup.',
};

export function adviceFor(code: string): string | undefined {
  return ADVICE[code];
}
