package why

import (
	"slices"

	"sockprobe/scenario"
)

// A registration is what the steps have made of a descriptor's registration with epoll, which is
// one for each way to ask: level-triggered, EPOLLET, EPOLLONESHOT.
type registration struct {
	added bool
	mask  scenario.Events
	armed Part // the step that added it or changed it last
	told  []int
}

// arm is what EPOLL_CTL_ADD and EPOLL_CTL_MOD do: what is ready is reported anew.
func (g *registration) arm(mask scenario.Events, step Ref, verb string) {
	*g = registration{added: true, mask: mask, armed: Part{Kind: Began, Step: step, Verb: verb}}
}

// keep is what a pol or wai does with the registration before it asks. The first one registers, and
// one with another mask modifies. Level-triggered, only add makes a registration that is kept.
func (g *registration) keep(api scenario.API, mask scenario.Events, masked bool, step Ref, verb string) {
	if !g.added && api != scenario.Epoll || g.added && masked && g.mask != mask {
		g.arm(mask, step, verb)
	}
}

// reported is the last report in which a bit was, or -1.
func (g *registration) reported(obs []scenario.Observation, bit scenario.Events) int {
	for _, i := range slices.Backward(g.told) {
		if obs[i].Events&bit != 0 {
			return i
		}
	}
	return -1
}

// asksEpoll tells whether a way to ask is epoll(7).
func asksEpoll(api scenario.API) bool {
	return api == scenario.Epoll || api == scenario.EpollET || api == scenario.EpollOneshot
}

// registration is how the registration stood that answered the last observation. It is not known
// while a wait asks the same one: the wait may have been told what is not observed yet.
func (h *history) registration() (g registration, known bool) {
	now := h.obs[len(h.obs)-1]
	api := h.api(now)
	if !asksEpoll(api) {
		return g, true
	}
	waits := slices.DeleteFunc(waitsOf(h.script), func(w wait) bool {
		return w.verb != "wai" || w.api != api || w.side != now.Side
	})
	for i, o := range h.obs {
		for len(waits) > 0 && h.begunBefore(waits[0], i) {
			w := waits[0]
			waits = waits[1:]
			if h.isOpen(i-1, w.side) {
				arg := h.script.Commands[w.step.Cmd-1].Steps[w.step.Step-1].Arg
				g.keep(api, scenario.MaskOf(w.verb, arg), arg.Masked, w.step, w.verb)
			}
		}
		if o.Side != now.Side || o.Step == 0 || h.api(o) != api || o.Errno != 0 {
			continue
		}
		arg := h.script.Commands[o.Cmd-1].Steps[o.Step-1].Arg
		mask := scenario.MaskOf(o.Verb, arg)
		switch o.Verb {
		case "add", "mod":
			g.arm(mask, refOf(o), o.Verb)
		case "del":
			g = registration{}
		case "pol":
			g.keep(api, mask, arg.Masked, refOf(o), o.Verb)
		}
		if o.Polled && o.Events != 0 && i < len(h.obs)-1 {
			g.told = append(g.told, i)
		}
	}
	return g, !slices.ContainsFunc(h.inFlight(len(h.obs)-1), func(w wait) bool {
		return w.verb == "wai" && w.api == api && w.side == now.Side && w.step != refOf(now)
	})
}

// api is the way in which a step asks.
func (h *history) api(o scenario.Observation) scenario.API { return h.script.Commands[o.Cmd-1].API }

// isOpen tells whether a descriptor was open after a step.
func (h *history) isOpen(i int, side scenario.Side) bool {
	if i < 0 {
		return side == scenario.Listener || side == scenario.Client || side == scenario.Client2 || !h.script.Family.HasListener()
	}
	return slices.ContainsFunc(h.obs[i].States, func(s scenario.State) bool { return s.Side == side })
}

// silent says why a registration has not reported a bit that is set.
func (h *history) silent(bit scenario.Events, g registration) Explanation {
	api, o := h.api(h.obs[len(h.obs)-1]), h.obs[len(h.obs)-1]
	switch i := g.reported(h.obs, bit); {
	case !g.added:
		return Explanation{}
	case (g.mask|always)&bit == 0:
		return Explanation{Cause: NotAsked, Parts: []Part{g.armed}}
	case o.Events != 0:
		return Explanation{}
	case api == scenario.EpollOneshot && len(g.told) > 0:
		return Explanation{Cause: Disarmed, Parts: []Part{h.part(Began, g.told[len(g.told)-1])}}
	case api == scenario.EpollET && i >= 0 && h.heldSince(i, bit):
		return Explanation{Cause: Told, Parts: []Part{h.part(Began, i)}}
	}
	return Explanation{}
}

// heldSince tells whether a bit has been set after each step from one on.
func (h *history) heldSince(i int, bit scenario.Events) bool {
	first := h.sinceReady(bit)
	return first >= 0 && first <= i
}

// unregistered says that the registration has ended with the descriptor. It does when the last copy
// is closed (epoll(7), Q6) and no wait holds the file.
func (h *history) unregistered(g registration) Explanation {
	last := -1
	for i, o := range h.obs {
		if o.Verb == "clo" && o.Errno == 0 && o.Side.Original() == h.side {
			last = i
		}
	}
	if !g.added || last < 0 || len(h.holders(last)) > 0 {
		return Explanation{}
	}
	return Explanation{Cause: Unregistered, Parts: []Part{h.part(Began, last)}}
}
