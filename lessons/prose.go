package lessons

import "html/template"

// Prose is Markdown with inserts {{ EXPR }} in CEL, which tell facts.
type Prose struct{}

// HTML is the prose with what the inserts say of f. Raw HTML, scripts and links that are not https are not in it. A
// nil Prose is "".
func (p *Prose) HTML(f *Facts) template.HTML { panic("to come") }

// Text is the same without markup, on one line.
func (p *Prose) Text(f *Facts) string { panic("to come") }
