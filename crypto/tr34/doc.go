// Package tr34 brings the first key into a device over the line: X9 TR-34, symmetric keys under RSA, bound to their
// attributes and signed.
//
// A [Host] distributes keys (the standard's KDH), a [Device] receives them (KRD), an [Authority] stands above both. Begin
// with [NewHost] and [NewDevice]:
//
//	token, err := device.Credential()            // CT_KRD: who the device is
//	certificate, err := host.Admit(token)        // checked under the authority of devices
//	err = device.Bind(hostToken)                 // CT_KDH, of Host.Credential: the device obeys this host and no other
//
//	challenge, err := device.Challenge()         // RT_KRD
//	token, err = host.Key(certificate, challenge, key)   // KT_KDH, two passes
//	key, err := device.Key(token)                // a crypto.Key with the attributes that the host signed
//
// Where the device cannot ask, [Host.KeyNow] and [Device.KeyNow] do with one pass: a time takes the place of the challenge,
// and a device takes no token that is not younger than the last. [Host.Unbind], [Host.Rebind] and the tokens of an Authority
// end what Bind began. Tokens are DER; PEM is the caller's.
//
// # Security
//
// Device and host know each other by certificates of authorities that the configuration names, one for hosts and one for
// devices. They must not be the same, nor a root above both: a device's certificate would then do as a host's. A token
// counts when the host that the device is bound to signed it, for this device, as an answer to its challenge; everything
// wrong with a signature or with what lies under it is crypto.ErrVerify. Structures are read strictly: DER, one signer, one
// recipient, every signed attribute once. Whatever a device remembers goes through [DeviceConfig.Save] before it counts.
//
// A key leaves by its exportability, 'E' or 'S', under a modulus no weaker than it; a key that options bound to rules stays,
// because tokens have no place for them. SHA-1 is refused everywhere. The length of a key shows.
//
// Read and written as RFC 5652 and RFC 4055 say; parameters of OAEP as the standard's samples have them, without tags, are
// read too. Not here: optional blocks in the header of a key, PSS signatures, BER.
package tr34
