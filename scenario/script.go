package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// A Script is a list of commands, carried out in order on sockets of one family.
type Script struct {
	Family Family
	// Explicit scripts have every con and acc written out: none is implied.
	Explicit bool
	// Second has the second connection's sockets made even if no command is for them: what
	// [Script.Until] has left of a script runs on the same sockets as all of it.
	Second   bool
	Commands []Command
}

// A Command is one -c, -s, -l, -d or -t, or a copy's letter, and its steps.
type Command struct {
	Side  Side
	API   API // how pol and wai ask: an --api or -e stands before
	Steps []Step
}

// A Step is one verb of a command and its argument.
type Step struct {
	Verb string
	Arg  Arg
}

func (s Step) String() string {
	if !s.Arg.Given() {
		return s.Verb
	}
	return s.Verb + ":" + s.Arg.Text
}

// What stands in a script beside commands.
const (
	epollOption    = "-e"
	explicitOption = "-n"
	apiOption      = "--api"
	familyOption   = "--family"
)

// Parse reads a script from its arguments, one element of args each, and checks
// every verb against verbs. A fault is an *[Error] that names its place.
func Parse(args []string, verbs []Verb) (Script, error) {
	p := parser{verbs: verbs, copies: map[Side]bool{}}
	for i := 0; i < len(args); i++ {
		option, value, valued := strings.Cut(args[i], "=")
		switch {
		case args[i] == epollOption:
			if p.idle {
				return Script{}, p.noStepsFor()
			}
			p.api = Epoll
			continue
		case args[i] == explicitOption:
			p.script.Explicit = true
			continue
		case option == apiOption, option == familyOption:
			if option == apiOption && p.idle {
				return Script{}, p.noStepsFor()
			}
		case isCommand(args[i]):
			valued = false
		default:
			return Script{}, &Error{
				Where:   fmt.Sprintf("argument %d", i+1),
				Problem: Quote(args[i]) + " is no part of a script",
				Hint:    "a script is made of -c STEPS, -s STEPS, -l STEPS and the like, as in -c snd,shw -s pol,rcv",
			}
		}
		if !valued && i+1 < len(args) {
			i++
			value, valued = args[i], true
		}
		var err error
		switch option {
		case apiOption:
			err = p.setAPI(value)
		case familyOption:
			err = p.setFamily(value)
		default:
			if !valued {
				return Script{}, NoSteps(option)
			}
			err = p.command(option, value)
		}
		if err != nil {
			return Script{}, err
		}
	}
	if p.idle && len(p.script.Commands) > 0 {
		return Script{}, p.noStepsFor()
	}
	if len(p.script.Commands) == 0 {
		return Script{}, &Error{
			Problem: "no steps to run",
			Hint:    "give at least one of -c, -s and -l, as in -c snd,shw -s pol,rcv",
		}
	}
	return p.script, nil
}

// A parser reads one script.
type parser struct {
	verbs  []Verb
	script Script
	api    API
	idle   bool          // an --api stands before, and no command behind it yet
	family bool          // it has been given
	copies map[Side]bool // that a dup before has made
}

// IsOption tells whether an argument is one of those that scripts are made of.
func IsOption(arg string) bool {
	switch arg {
	case epollOption, explicitOption, apiOption, familyOption:
		return true
	}
	return isCommand(arg)
}

// isCommand tells whether an argument is a side's option.
func isCommand(arg string) bool {
	if len(arg) != 2 || arg[0] != '-' {
		return false
	}
	for _, side := range Sides {
		if s := Side(arg[1]); s == side || s == side.Copy() {
			return true
		}
	}
	return false
}

func (p *parser) setAPI(name string) error {
	api, ok := APINamed(name)
	if !ok {
		return oneOf(apiOption, name, "way to ask", APINames())
	}
	p.api, p.idle = api, true
	return nil
}

// noStepsFor is the error for an --api that no command follows.
func (p *parser) noStepsFor() error {
	return &Error{
		Where:   apiOption,
		Problem: "no steps behind it ask in its way",
		Hint:    "write it before the -c, -s or -l that it is for: --api select -c pol",
	}
}

func (p *parser) setFamily(name string) error {
	family, ok := FamilyNamed(name)
	if !ok {
		return oneOf(familyOption, name, "family", FamilyNames())
	}
	if p.family && family != p.script.Family {
		return &Error{
			Where:   familyOption,
			Problem: fmt.Sprintf("both %s and %s are given", p.script.Family, family),
			Hint:    "a script runs on sockets of one family",
		}
	}
	p.script.Family, p.family = family, true
	return nil
}

// oneOf is the error for a word that is none of several.
func oneOf(where, word, what string, words []string) error {
	e := &Error{
		Where:   where,
		Problem: fmt.Sprintf("%s is no %s", Quote(word), what),
		Hint:    "it is one of " + strings.Join(words, ", "),
	}
	if near, ok := Nearest(word, words); ok {
		e.Hint = "did you mean " + near + "? " + e.Hint
	}
	return e
}

// command reads one list of steps: the argument of option.
func (p *parser) command(option, list string) error {
	if list == "" || strings.HasPrefix(list, "-") {
		return NoSteps(option)
	}
	side := Side(option[1])
	if side.IsCopy() && !p.copies[side] {
		return &Error{
			Where:   option,
			Problem: "there is no " + side.Name(),
			Hint:    fmt.Sprintf("make one before: -%s dup %s %s", side.Original(), option, Clip(list)),
		}
	}
	words := strings.Split(list, ",")
	steps := make([]Step, len(words))
	for i, word := range words {
		step, err := p.step(word)
		if err != nil {
			err.Where = fmt.Sprintf("%s %s: cmd #%d stp #%d", option, Clip(list), len(p.script.Commands)+1, i+1)
			return err
		}
		if step.Verb == "dup" {
			p.copies[side.Copy()] = true
		}
		steps[i] = step
	}
	p.idle = false
	p.script.Commands = append(p.script.Commands, Command{Side: side, API: p.api, Steps: steps})
	return nil
}

// step reads one step. Its faults have no place yet.
func (p *parser) step(word string) (Step, *Error) {
	name, text, hasArg := strings.Cut(word, ":")
	v, known := VerbNamed(name, p.verbs)
	switch {
	case !known:
		return Step{}, badStep(word, name, p.verbs)
	case !hasArg && (v.Arg == nil || v.Arg.Optional):
		return Step{Verb: v.Name}, nil
	case !hasArg:
		return Step{}, &Error{
			Problem: fmt.Sprintf("%s needs an argument", name),
			Hint:    fmt.Sprintf("write %s: %s", v.Usage(), v.Arg.Doc),
		}
	case v.Arg == nil:
		return Step{}, &Error{
			Problem: fmt.Sprintf("%s takes no argument, %s was given", name, Quote(text)),
			Hint:    fmt.Sprintf("write %s alone", name),
		}
	}
	arg, problem := v.Arg.read(text)
	if problem != "" {
		return Step{}, &Error{
			Problem: fmt.Sprintf("%s: %s %s", name, Quote(text), problem),
			Hint:    fmt.Sprintf("write %s: %s", v.Usage(), v.Arg.Doc),
		}
	}
	return Step{Verb: v.Name, Arg: arg}, nil
}

// NoSteps is the error for a -c, -s or -l without its steps.
func NoSteps(option string) error {
	return &Error{
		Where:   option,
		Problem: "the list of steps is missing",
		Hint:    fmt.Sprintf("write the steps behind it, separated by commas: %s snd,pol", option),
	}
}

// badStep is the error for a word that is no verb.
func badStep(word, name string, verbs []Verb) *Error {
	if word == "" {
		return &Error{
			Problem: "empty step",
			Hint:    "steps are separated by one comma, with none before the first or after the last",
		}
	}
	if _, _, ok := parseMask(name); ok {
		return &Error{
			Problem: Quote(name) + " is an event, not a verb",
			Hint:    "the events of a mask are joined by +, as in pol:in+out",
		}
	}
	e := &Error{Problem: "unknown verb " + Quote(name), Hint: "\"sockprobe help steps\" lists the verbs"}
	if near, ok := Nearest(name, VerbNames(verbs)); ok {
		e.Hint = fmt.Sprintf("did you mean %s? %s", near, e.Hint)
	}
	return e
}

// With is the script with one way to ask wherever it says [All].
func (s Script) With(api API) Script {
	commands := make([]Command, len(s.Commands))
	for i, c := range s.Commands {
		if c.API == All {
			c.API = api
		}
		commands[i] = c
	}
	s.Commands = commands
	return s
}

// Uses tells whether a script has a command that asks in this way.
func (s Script) Uses(api API) bool {
	return slices.ContainsFunc(s.Commands, func(c Command) bool { return c.API == api })
}

// HasSecond tells whether a script has a second connection's sockets.
func (s Script) HasSecond() bool {
	return s.Second || slices.ContainsFunc(s.Commands, func(c Command) bool { return c.Side == Client2 || c.Side == Server2 })
}

// Does tells whether a script has a step of this verb.
func (s Script) Does(verb string) bool {
	return slices.ContainsFunc(s.Commands, func(c Command) bool {
		return slices.ContainsFunc(c.Steps, func(step Step) bool { return step.Verb == verb })
	})
}

// String gives the script back as it is written on a command line; [Parse] of
// its fields gives the same script.
func (s Script) String() string {
	var words []string
	if s.Family != TCP4 {
		words = append(words, familyOption, s.Family.String())
	}
	if s.Explicit {
		words = append(words, explicitOption)
	}
	api := Poll
	for _, c := range s.Commands {
		switch c.API {
		case api:
		case Epoll:
			words = append(words, epollOption)
		default:
			words = append(words, apiOption, c.API.String())
		}
		api = c.API
		steps := make([]string, len(c.Steps))
		for i, step := range c.Steps {
			steps[i] = step.String()
		}
		words = append(words, "-"+c.Side.String(), strings.Join(steps, ","))
	}
	return strings.Join(words, " ")
}
