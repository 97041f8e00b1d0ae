package dump

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
)

const (
	ipv4Size    = 20
	ipv6Size    = 40
	tcpProtocol = 6
	tcpSize     = 20
	maxLink     = 20
	maxPacket   = 1<<16 + maxLink
)

// link is what may stand before an IP packet.
type link struct {
	size, typeAt int // of it, and where in it the type of the packet stands
	begins       string
}

// links are none, Ethernet, Ethernet with a VLAN, and the two headers of captures on all interfaces of Linux.
var links = []link{
	{size: 0, typeAt: -1},
	{size: 14, typeAt: 12},
	{size: 18, typeAt: 16},
	{size: 16, typeAt: 14, begins: "\x00"},
	{size: 20, typeAt: 0, begins: "\x08\x00\x00\x00"},
	{size: 20, typeAt: 0, begins: "\x86\xDD\x00\x00"},
}

// packets returns the rows of a listing. What tcpdump and Wireshark list is whole packets: of those only what TCP carries
// is returned, with the two ends as the stream.
func (d *Reader) packets() (Part, error) {
	first, err := d.row()
	if err != nil || !first.Start || !mayBePacket(first.Bytes) {
		return first, err
	}
	packet := append([]byte(nil), first.Bytes...)
	for len(packet) < maxPacket {
		next, err := d.row()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Part{}, err
		}
		if next.Start || next.Stream != first.Stream {
			d.pushed = &next
			d.pushed.Bytes = append([]byte(nil), next.Bytes...)
			break
		}
		packet = append(packet, next.Bytes...)
	}
	first.Bytes = packet
	if tcp, stream, ok := tcpPayload(packet); ok {
		first.Bytes, first.Stream = tcp, stream
	}
	return first, nil
}

// row is listed, or the row that was read and put back.
func (d *Reader) row() (Part, error) {
	if d.pushed != nil {
		p := *d.pushed
		d.pushed = nil
		return p, nil
	}
	return d.listed()
}

// mayBePacket looks at the first row of a listing. What stands behind it tells whether it is one.
func mayBePacket(row []byte) bool {
	for _, l := range links {
		if l.fits(row) && (len(row) <= l.size || ipVersion(row[l.size:]) != 0) {
			return true
		}
	}
	return false
}

// fits tells whether bytes, of which some may be missing at the end, may begin with the link's header.
func (l link) fits(b []byte) bool {
	if len(b) < len(l.begins) || string(b[:len(l.begins)]) != l.begins {
		return false
	}
	if l.size == 18 && (len(b) < 14 || binary.BigEndian.Uint16(b[12:]) != 0x8100) {
		return false
	}
	if l.typeAt < 0 || len(b) < l.typeAt+2 {
		return l.typeAt < 0 || l.size == 18
	}
	t := binary.BigEndian.Uint16(b[l.typeAt:])
	return t == 0x0800 || t == 0x86DD
}

// ipVersion is that of the packet which bytes may begin, 0 for none: 4 without options, 6 with TCP as the next header.
func ipVersion(b []byte) int {
	switch {
	case len(b) > 0 && b[0] == 0x45:
		return 4
	case len(b) > 0 && b[0]>>4 == 6 && (len(b) < 7 || b[6] == tcpProtocol):
		return 6
	}
	return 0
}

// tcpPayload returns what TCP carries in a packet whose lengths fit.
func tcpPayload(packet []byte) (data []byte, stream string, ok bool) {
	for _, l := range links {
		if len(packet) <= l.size || !l.fits(packet) {
			continue
		}
		ip := packet[l.size:]
		switch ipVersion(ip) {
		case 4:
			data, stream, ok = ipv4(ip)
		case 6:
			data, stream, ok = ipv6(ip)
		}
		if ok {
			return data, stream, true
		}
	}
	return nil, "", false
}

// maxFill is how many bytes Ethernet may have put behind a short packet.
const maxFill = 6

func ipv4(ip []byte) (data []byte, stream string, ok bool) {
	if len(ip) < ipv4Size || ip[9] != tcpProtocol {
		return nil, "", false
	}
	total := int(binary.BigEndian.Uint16(ip[2:]))
	if total < ipv4Size+tcpSize || total > len(ip) || len(ip)-total > maxFill {
		return nil, "", false
	}
	return tcp(ip[ipv4Size:total], netip.AddrFrom4([4]byte(ip[12:])), netip.AddrFrom4([4]byte(ip[16:])))
}

func ipv6(ip []byte) (data []byte, stream string, ok bool) {
	if len(ip) < ipv6Size {
		return nil, "", false
	}
	size := int(binary.BigEndian.Uint16(ip[4:]))
	if size < tcpSize || size != len(ip)-ipv6Size {
		return nil, "", false
	}
	return tcp(ip[ipv6Size:], netip.AddrFrom16([16]byte(ip[8:])), netip.AddrFrom16([16]byte(ip[24:])))
}

func tcp(segment []byte, from, to netip.Addr) (data []byte, stream string, ok bool) {
	size := int(segment[12]>>4) * 4
	if size < tcpSize || size > len(segment) {
		return nil, "", false
	}
	ends := [2]netip.AddrPort{netip.AddrPortFrom(from, binary.BigEndian.Uint16(segment)), netip.AddrPortFrom(to, binary.BigEndian.Uint16(segment[2:]))}
	return segment[size:], fmt.Sprintf("%v to %v", ends[0], ends[1]), true
}
