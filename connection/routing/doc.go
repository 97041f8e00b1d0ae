// Package routing chooses between peers that can answer the same request: several acquirers, a network and its backup, two
// hosts of a bank. Start with New and Router.Exchange; Router.Decide and Router.Report are its two halves, for programs
// that send by themselves.
//
// # What is chosen, and why
//
// A decision takes the routes through hard filters (Route.Accepts, lines that are signed on, breakers), keeps those of
// the best Priority, sets aside those whose score is worse than the best by more than Config.Margin, takes the cheapest
// of the rest, and draws by Weight between routes that cost the same. The score is the share of good outcomes in a
// rolling window, of this issuer and method where enough is known of them, else of the issuer, else of the route. A
// small share of payments below a limit explores routes that were set aside, where that is allowed.
//
// Each Decision is a record that explains itself: the routes, what removed each, scores, costs, the draw and its seed.
//
// # Three kinds of health
//
// A line that breaks, a host that does not answer and an issuer that its host cannot reach are different troubles
// (Health), and each is counted where it belongs. Lines are the Peer's business: the pool takes a bad one out by itself,
// and a Peer without a usable line is no candidate. The host has a breaker, which opens after failures in a row or by
// their share, and closes by echoes first and then by a slow start: a customer's payment is never used to find out
// whether a host is back. The issuer behind a host has one too, by Request.Issuer; it only sets the route aside while
// another one is fit, and time brings it back to a slow start, since an issuer cannot be asked by echo. A decline by the issuer is a success of the route.
//
// # What is sent again
//
// Only a request of which certainly no byte left (connection.SafeToRetry) is routed again by itself. Everything else
// has an unknown outcome: it is queried or reversed, by the program. An answer that holds no money, such as 91 of some
// hosts, may be routed again where Route.HoldsNoMoney says so and Request.Renew makes a new request of it, with a
// reference of its own. A reversal, an advice or a completion names its original's route (Request.Original): it goes
// there or not at all.
package routing
