package scenario

import "slices"

// An API is a way to ask for readiness.
type API uint8

// The ways to ask. The first four and Uring answer with how things stand; with
// EpollET and EpollOneshot the registration is kept, and has a history.
const (
	Poll         API = iota // poll(2)
	PPoll                   // ppoll(2)
	Select                  // pselect6(2), which select(3) is made of
	Epoll                   // epoll(7), level-triggered: added, waited for, deleted
	EpollET                 // epoll(7), EPOLLET
	EpollOneshot            // epoll(7), EPOLLONESHOT
	Uring                   // io_uring(7), IORING_OP_POLL_ADD
	All                     // each of the above, in a run of its own
)

var apiNames = []string{"poll", "ppoll", "select", "epoll", "epoll-et", "epoll-oneshot", "uring", "all"}

// APINames lists the names that --api takes.
func APINames() []string { return slices.Clone(apiNames) }

// EachAPI is what All stands for.
func EachAPI() []API { return []API{Poll, PPoll, Select, Epoll, EpollET, EpollOneshot, Uring} }

func (a API) String() string { return apiNames[a] }

// APINamed finds a way by its name.
func APINamed(name string) (API, bool) {
	i := slices.Index(apiNames, name)
	return API(max(i, 0)), i >= 0
}

// APIs is a set of ways to ask.
type APIs uint16

// Of is the set with one way in it.
func (a API) Of() APIs { return 1 << a }

// Names lists the ways in a set.
func (s APIs) Names() []string {
	var names []string
	for _, a := range EachAPI() {
		if s&a.Of() != 0 {
			names = append(names, a.String())
		}
	}
	return names
}

// AsSelect is what select(2) answers where poll(2) answers e to an interest mask:
// each bit asked for is there if the kernel counts one of e's for it (POLLIN_SET and
// POLLOUT_SET in fs/select.c), and no other ever is.
func (e Events) AsSelect(mask Events) Events {
	var out Events
	for _, set := range selectSets {
		if mask&set.asks != 0 && e&set.counts != 0 {
			out |= set.bit
		}
	}
	return out
}

// InSelect is the interest mask as select(2) takes it: IN for the descriptors to read,
// OUT for those to write, PRI for the exceptional ones.
func (e Events) InSelect() Events {
	var out Events
	for _, set := range selectSets {
		if e&set.asks != 0 {
			out |= set.bit
		}
	}
	return out
}

var selectSets = []struct{ bit, asks, counts Events }{
	{In, In | RdNorm | RdBand, In | RdNorm | RdBand | Hup | Err},
	{Out, Out | WrNorm | WrBand, Out | WrNorm | WrBand | Err},
	{Pri, Pri, Pri},
}
