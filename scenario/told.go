package scenario

import (
	"slices"
	"strings"
)

// Links are what the comment's lines "see: URL" name.
func (f *File) Links() []string {
	var links []string
	for line := range strings.Lines(f.Comment) {
		if link, ok := strings.CutPrefix(line, "see: "); ok {
			links = append(links, strings.TrimSpace(link))
		}
	}
	return links
}

// Told is what the comment says of a system that answers otherwise, in lines such as
//
//	gvisor: it has no urgent data.
//	gvisor see: https://...
//	linux>=6.1 linux<6.12: a receive stops behind the byte.
//
// whose words before the colon are those of a golden's name.
func (f *File) Told(s System) (why string, see []string) {
	var told []string
	for line := range strings.Lines(f.Comment) {
		head, text, ok := strings.Cut(line, ": ")
		if !ok {
			continue
		}
		when := strings.Fields(head)
		isSee := len(when) > 1 && when[len(when)-1] == "see"
		if isSee {
			when = when[:len(when)-1]
		}
		if len(when) == 0 || slices.ContainsFunc(when, func(word string) bool {
			c, err := parseCondition(word)
			return err != nil || !c.fits(s)
		}) {
			continue
		}
		if text = strings.TrimSpace(text); isSee {
			see = append(see, text)
		} else {
			told = append(told, text)
		}
	}
	return strings.Join(told, " "), see
}
