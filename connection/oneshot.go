package connection

import "context"

// OneShot is how many terminals work: it dials, sends one request, waits for its answer, appends that to dst and
// closes. Every error is an *Error that says whether the request can have reached the peer. Without Config.Key the
// first frame that arrives is the answer.
func OneShot(ctx context.Context, network, address string, config Config, frame, dst []byte) ([]byte, error) {
	c, err := Dial(ctx, network, address, config)
	if err != nil {
		return dst, err
	}
	defer c.Close()
	return c.Exchange(ctx, frame, dst)
}

// Once is an Exchanger that opens a connection for every request.
type Once struct {
	Network, Address string
	Config           Config
}

// Exchange implements Exchanger by OneShot.
func (o *Once) Exchange(ctx context.Context, frame, dst []byte) ([]byte, error) {
	return OneShot(ctx, o.Network, o.Address, o.Config, frame, dst)
}

var _ Exchanger = (*Once)(nil)
