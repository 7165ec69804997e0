package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A System is a kernel as goldens tell kernels apart.
type System struct {
	Kind    string `json:"kind"`    // one of Kinds
	Release string `json:"release"` // as uname -r has it
}

// Kinds are the kinds of kernels. User Mode Linux is Linux on another architecture: a condition
// on linux holds for it by its version, too, and one on uml is the more specific.
var Kinds = []string{"linux", "uml", "gvisor"}

// isLinux tells whether a system is Linux, on whatever architecture.
func (s System) isLinux() bool { return s.Kind == "linux" || s.Kind == "uml" }

// Short is the system in a word: a Linux by its version's first two numbers.
func (s System) Short() string {
	if s.Kind != "linux" {
		return s.Kind
	}
	v := versionOf(s.Release)
	if len(v) < 2 {
		return s.Release
	}
	return fmt.Sprintf("%d.%d", v[0], v[1])
}

// Compare orders systems for a table: Linux before the others and by its
// version, the others as they come.
func (s System) Compare(t System) int {
	linux, other := s.Kind == "linux", t.Kind == "linux"
	switch {
	case linux && other:
		return slices.Compare(versionOf(s.Release), versionOf(t.Release))
	case linux:
		return -1
	case other:
		return 1
	default:
		return 0
	}
}

// Before tells whether a system is a Linux older than a version, User Mode Linux included.
func (s System) Before(major, minor int) bool {
	v := versionOf(s.Release)
	return s.isLinux() && len(v) >= 2 && slices.Compare(v[:2], []int{major, minor}) < 0
}

// versionOf holds the numbers that a release begins with: 6.12.107+deb13 is
// 6, 12, 107.
func versionOf(release string) []int {
	var out []int
	for part := range strings.SplitSeq(release, ".") {
		digits := part
		if i := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			digits = part[:i]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		out = append(out, n)
		if digits != part {
			break
		}
	}
	return out
}

// A condition is one word of an overlay's name: "gvisor", "linux<5.18".
type condition struct {
	kind    string
	op      string // "" if any version will do
	version []int
}

// operators, the longer ones first, so that <= is not read as < and "=5".
var operators = []string{"<=", ">=", "<", ">", "="}

func parseCondition(word string) (condition, error) {
	c := condition{kind: word}
	for _, op := range operators {
		kind, version, found := strings.Cut(word, op)
		if !found {
			continue
		}
		c = condition{kind: kind, op: op, version: versionOf(version)}
		if len(c.version) == 0 || joined(c.version) != version {
			return c, &Error{
				Problem: fmt.Sprintf("%s names no version", Quote(word)),
				Hint:    "write it in numbers, as in linux<5.18",
			}
		}
		break
	}
	if !slices.Contains(Kinds, c.kind) {
		e := &Error{
			Problem: fmt.Sprintf("%s is no kernel that a golden can be for", Quote(c.kind)),
			Hint:    "a golden is for " + strings.Join(Kinds, ", ") + ", or versions of one, as in linux<5.18",
		}
		if near, ok := Nearest(c.kind, Kinds); ok {
			e.Hint = "did you mean " + near + "? " + e.Hint
		}
		return c, e
	}
	return c, nil
}

func joined(version []int) string {
	parts := make([]string, len(version))
	for i, n := range version {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ".")
}

// fits tells whether a system meets the condition. Versions are compared in the
// numbers that the condition has: 6.12.107 is neither <6.12 nor >6.12.
func (c condition) fits(s System) bool {
	if c.kind != s.Kind && (c.kind != "linux" || !s.isLinux()) {
		return false
	}
	if c.op == "" {
		return true
	}
	have := versionOf(s.Release)
	if len(have) == 0 {
		return false
	}
	have = have[:min(len(have), len(c.version))]
	order := slices.CompareFunc(have, c.version, cmp.Compare)
	switch c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	default:
		return order == 0
	}
}

// An Overlay is a golden for some kernels, beside the one for all.
type Overlay struct {
	When   string // as in the file: "gvisor", "linux>=6.1 linux<6.12"
	Golden []byte

	conditions []condition
}

func parseOverlay(when string, golden []byte) (Overlay, error) {
	o := Overlay{When: when, Golden: golden}
	for word := range strings.FieldsSeq(when) {
		c, err := parseCondition(word)
		if err != nil {
			return o, err
		}
		o.conditions = append(o.conditions, c)
	}
	return o, nil
}

func (o Overlay) section() string { return goldenSection + " " + o.When }

// fits tells whether a system meets all of the overlay's conditions.
func (o Overlay) fits(s System) bool {
	return !slices.ContainsFunc(o.conditions, func(c condition) bool { return !c.fits(s) })
}

// isFor tells whether the overlay names the very kind of a system. One that names another kind
// and fits all the same, linux for User Mode Linux, is less specific.
func (o Overlay) isFor(s System) bool {
	return slices.ContainsFunc(o.conditions, func(c condition) bool { return c.kind == s.Kind })
}

// Narrow tells whether an overlay's section is for one kind of kernel or one
// version only, so that nothing else is lost with it.
func (f *File) Narrow(section string) bool {
	i := f.overlay(section)
	if i < 0 {
		return false
	}
	for _, c := range f.Overlays[i].conditions {
		if c.op != "" && c.op != "=" {
			return false
		}
	}
	return true
}

// Specific tells whether an overlay's section names the very kind of a system, so that it is about
// no other kind of kernel.
func (f *File) Specific(section string, s System) bool {
	i := f.overlay(section)
	return i >= 0 && f.Overlays[i].isFor(s)
}

// Skip tells why the scenario is not for a system, or gives "" if it is.
func (f *File) Skip(s System) (reason string) {
	for _, o := range f.Skips {
		if o.fits(s) {
			return strings.Join(strings.Fields(string(o.Golden)), " ")
		}
	}
	return ""
}

// Resolve returns the golden that holds for a system, and the name of its section: the most
// specific overlay that fits, or the default if none does. Two that fit and are equally specific
// are an *[Error]. The golden is nil if the file has none.
func (f *File) Resolve(s System) (section string, golden []byte, err error) {
	var fitting, own []*Overlay
	for i := range f.Overlays {
		o := &f.Overlays[i]
		if !o.fits(s) {
			continue
		}
		fitting = append(fitting, o)
		if o.isFor(s) {
			own = append(own, o)
		}
	}
	if len(own) > 0 {
		fitting = own
	}
	switch len(fitting) {
	case 0:
		return goldenSection, f.Golden, nil
	case 1:
		return fitting[0].section(), fitting[0].Golden, nil
	default:
		return "", nil, &Error{
			Where:   ClipPath(f.Name),
			Problem: fmt.Sprintf("both %q and %q fit %s %s", fitting[0].section(), fitting[1].section(), s.Kind, s.Release),
			Hint:    "narrow one of them by a version, as in linux>=6.1 linux<6.12",
		}
	}
}
