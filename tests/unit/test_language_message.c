/* Given a faulty pattern, when it is compiled, then exactly these messages come out: where, what, and what
 * would have been right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "language_fixture.h"

/* A text and the messages about it, without the file's name. */
struct fault {
    const char *text;
    const char *expected;
};

/* What a test's own text stands between. */
struct frame {
    const char *before;
    const char *after;
};

#define ALL_SORTS                                                                                            \
    "share: {c: channel, t: ticker 10ms, s: scope}\n"                                                        \
    "params: {n: {default: 3, about: x}, d: {default: 5ms, about: x}, how: {default: a, choices: [a, b], "   \
    "about: x}}\n"

static void assert_faults(const struct fault *faults, size_t count, struct frame frame)
{
    for (size_t i = 0; i < count; i++) {
        struct buf text, shown;
        buf_init(&text, 1 << 16);
        buf_init(&shown, 1 << 16);
        buf_printf(&text, "%s%s%s", frame.before, faults[i].text, frame.after);
        struct compiled compiled = compile(buf_text(&text));
        assert_int_equal(compiled.err, ERR_SYNTAX);
        for (uint32_t m = 0; m < compiled.messages.count; m++) {
            const struct message *message = &compiled.messages.items[m];
            buf_printf(&shown, "%u:%u: %s\n", message->line, message->column, message->text);
        }
        assert_string_equal(buf_text(&shown), faults[i].expected);
        compiled_free(&compiled);
        buf_deinit(&text);
        buf_deinit(&shown);
    }
}

static void what_is_no_plain_yaml_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"", "1:1: the pattern is empty\n"},
        {"[]", "1:1: a pattern is a mapping that begins with \"pattern: NAME\", not a list\n"},
        {"text", "1:1: a pattern is a mapping that begins with \"pattern: NAME\", not text\n"},
        {"a: b: c\n", "1:5: not well-formed YAML: mapping values are not allowed in this context: a text "
                      "with a colon and a "
                      "space in it stands in quotes\n"},
        {"a: [\n", "2:1: not well-formed YAML: did not find expected node content: here a text, a list or a "
                   "mapping must "
                   "stand, or a bracket close\n"},
        {"- a\n"
         "b: c\n",
         "2:1: not well-formed YAML: did not find expected '-' indicator: what belongs together begins in "
         "the "
         "same column\n"},
        {"a: {b: 1\n"
         "c: 2\n",
         "2:2: not well-formed YAML: did not find expected ',' or '}': a comma between two members, or a } "
         "behind the last\n"},
        {"a: 'b\n", "2:1: not well-formed YAML: found unexpected end of stream: a quote is not closed\n"},
        {"a: b\n"
         "c\n",
         "3:1: not well-formed YAML: could not find expected ':': a key needs a colon and a space behind "
         "it\n"},
        {"a: &x 1\n", "1:4: anchors (&name) are not part of the language: write it out\n"},
        {"a: *x\n", "1:4: aliases (*name) are not part of the language: write it out\n"},
        {"a: !!str x\n", "1:4: tags (!name) are not part of the language: leave it out\n"},
        {"pattern: p\n"
         "title: t\n"
         "story: s\n"
         "remedy: r\n"
         "---\n"
         "a: b\n",
         "5:1: a second document begins here: one file is one pattern\n"},
        {"pattern: p\n"
         "pattern: q\n",
         "2:1: \"pattern\" stands here twice: first in line 1\n"},
        {"pattern: p\n"
         "pattern: q\n"
         "leek: 1\n"
         "leek: 1\n",
         "2:1: \"pattern\" stands here twice: first in line 1\n"
         "4:1: \"leek\" stands here twice: first in line 3\n"},
        /* Below the outermost keys all else is told as well. */
        {HEAD "share: {c: channel, d: chanel, c: [{e: 1, e: 2}]}\n"
              "fix:\n"
              "  main:\n"
              "    - select: {recv c: exit, recv c: , default: , default: exit, sned c: }\n"
              "expect: {fix: 0}\n",
         "5:24: \"chanel\" is no kind of thing: did you mean \"channel\"?\n"
         "5:32: \"c\" stands here twice: first in line 5\n"
         "5:43: \"e\" stands here twice: first in line 5\n"
         "8:30: \"recv c\" stands here twice: first in line 8\n"
         "8:51: \"default\" stands here twice: first in line 8\n"
         "8:66: \"sned\" is no case of a select: did you mean \"send\"?\n"},
        {"[a]: b\n", "1:1: what stands before a colon must be text\n"},
        {"a: \"\\x01\"\n", "1:4: the text holds a control character\n"},
        {"a: \xff", "1:4: the byte 0xff is not UTF-8 here\n"},
        {"a: \x01\n", "1:4: the character U+0001 must not stand in a pattern\n"},
        {"a: \"\\ud800\"\n", "1:7: not well-formed YAML: found invalid Unicode character escape code: while "
                             "parsing a quoted scalar\n"},
        {"\tfoo: bar\n",
         "1:1: not well-formed YAML: found character that cannot start any token: lines are "
         "indented by spaces, not tabs; a text that begins with @, ` or % stands in quotes\n"},
    };
    assert_faults(faults, COUNT_OF(faults), (struct frame){"", ""});
}

static void a_pattern_needs_its_parts(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"{}\n", "1:1: the pattern needs \"pattern\": its name, such as recv\n"
                 "1:1: the pattern needs \"title\": a few words\n"
                 "1:1: the pattern needs \"story\": how it happens in real services\n"
                 "1:1: the pattern needs \"remedy\": what to do about it\n"
                 "1:1: the pattern needs \"leak\", \"fix\", or \"decoy\": its tasks\n"
                 "1:1: the pattern needs \"expect\": the tasks that are leaked once the owner has left, such "
                 "as {leak: n, fix: 0}\n"},
        {HEAD, "1:1: the pattern needs \"leak\", \"fix\", or \"decoy\": its tasks\n"
               "1:1: the pattern needs \"expect\": the tasks that are leaked once the owner has left, such "
               "as {leak: n, fix: 0}\n"},
        {"pattern: 9p\n"
         "title: []\n"
         "story: ''\n"
         "remedy: {a: b}\n"
         "leek: {}\n"
         "fix: {main: []}\n"
         "expect: {fix: 0}\n",
         "1:10: \"9p\" cannot name a pattern: a name is a letter, then letters, digits, - and _, at most 64 "
         "in all\n"
         "2:8: \"title\" must be a text, not a list\n"
         "3:8: \"story\" must be a text, not nothing\n"
         "4:9: \"remedy\" must be a text, not a mapping\n"
         "5:1: \"leek\" is not known here: did you mean \"leak\"?\n"},
        {HEAD "fix: {main: []}\n", "1:1: the pattern needs \"expect\": the tasks that are leaked once the "
                                   "owner has left, such as {leak: n, fix: 0}\n"},
        {HEAD "fix: {main: []}\n"
              "expect: 0\n",
         "6:9: \"expect\" is a mapping such as {leak: n, fix: 0}, not text\n"},
        {HEAD "fix: {main: []}\n"
              "expect: {leak: 0, fex: 1}\n",
         "6:1: \"expect\" does not say what \"fix\" leaks\n"
         "6:10: the pattern has no \"leak\"\n"
         "6:19: \"fex\" is not known here: did you mean \"fix\"?\n"},
        {HEAD "fix: {main: []}\n"
              "expect: {fix: 5ms}\n",
         "6:15: \"expect\" needs a whole number such as 16, not the duration \"5ms\"\n"},
        {HEAD "fix: {main: []}\n"
              "expect: {fix: m}\n",
         "6:15: \"expect\" needs a whole number such as 16; no parameter is called \"m\"\n"},
        {HEAD "fix: {main: []}\n"
              "expect: {fix: {tasks: 1, tikers: 2}}\n",
         "6:26: \"tikers\" is not known here: did you mean \"tickers\"?\n"},
        {HEAD "fix: {main: []}\n"
              "expect: {fix: {tickers: 5ms}}\n",
         "6:15: \"expect\" does not say how many tasks \"fix\" leaks\n"
         "6:25: \"expect\" needs a whole number such as 16, not the duration \"5ms\"\n"},
        {HEAD "fix: {main: []}\n"
              "expect: {fix: [1]}\n",
         "6:15: \"fix\" must be a text, not a list\n"},
        {HEAD "fix: []\n"
              "expect: {fix: 0}\n",
         "5:6: \"fix\" is a mapping of tasks to lists of statements, not a list\n"},
        {HEAD "fix:\n"
              "expect: {fix: 0}\n",
         "5:5: \"fix\" is a mapping of tasks to lists of statements, not nothing\n"},
    };
    assert_faults(faults, COUNT_OF(faults), (struct frame){"", ""});
}

static void a_parameter_is_declared_in_full(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"[n]", "5:9: \"params\" is a mapping of names, not a list\n"},
        {"{n: 3}", "5:13: a parameter is a mapping such as {default: 16, about: \"...\"}, not text\n"},
        {"{n: {default: 3}}", "5:10: \"n\" needs \"about\": a sentence that says what it is\n"},
        {"{n: {about: x}}", "5:10: \"n\" needs a \"default\"\n"},
        {"{n: {default: many, about: x}}",
         "5:23: the default \"many\" is neither a number such as 16, 10ms, 4KiB or 2%, nor linger, nor an "
         "earlier parameter; a word needs \"choices\"\n"},
        {"{n: {default: 3, about: x, mni: 4}}", "5:36: \"mni\" is not known here: did you mean \"min\"?\n"},
        {"{n: {default: 3, about: x, min: 4}}",
         "5:23: the default needs a whole number from 4 to 1000000000, not \"3\"\n"},
        {"{n: {default: 3, about: x, min: 5, max: 4}}", "5:41: \"min\" is above \"max\"\n"},
        {"{n: {default: 3, about: x, max: 4ms}}",
         "5:41: \"max\" needs a whole number such as 16, not the duration \"4ms\"\n"},
        {"{n: {default: 2000000000, about: x}}",
         "5:23: the default needs a whole number from 0 to 1000000000, not \"2000000000\"\n"},
        {"{linger: {default: 1s, about: x}}",
         "5:10: \"linger\" cannot name a parameter: it means something else already\n"},
        {"{9: {default: 1s, about: x}}", "5:10: \"9\" cannot name a parameter: a name is a letter, then "
                                         "letters, digits, - and _, at most 64 in all\n"},
        {"{how: {default: c, choices: [a, b], about: x}}",
         "5:25: the default \"c\" is none of the choices: known: a, b\n"},
        {"{how: {default: a, choices: [a, a], about: x}}", "5:41: the choice \"a\" stands here twice\n"},
        {"{how: {default: a, choices: a, about: x}}",
         "5:37: \"choices\" is a list of words such as [deadline, buffer]\n"},
        {"{how: {default: a, choices: [a], min: 1, about: x}}",
         "5:42: a parameter with \"choices\" has neither \"min\" nor \"max\"\n"},
        {"{how: {default: a, choices: [a, 9], about: x}}",
         "5:41: \"9\" cannot name a choice: a name is a letter, then letters, digits, - and _, at most 64 in "
         "all\n"},
        {"{a: {default: b, about: x}, b: {default: 3, about: x}}",
         "5:23: the default \"b\" is neither a number such as 16, 10ms, 4KiB or 2%, nor linger, nor an "
         "earlier parameter; a word needs \"choices\"\n"},
        {"{n: {default: many, about: x}, m: {default: n * n, about: x}}",
         "5:23: the default \"many\" is neither a number such as 16, 10ms, 4KiB or 2%, nor linger, nor an "
         "earlier parameter; a word needs \"choices\"\n"},
        {"{a: {default: linger * 0, about: x}}", "5:32: behind \"*\" stands a whole number from 1 to 1000000 "
                                                 "or a parameter that is one, not \"0\"\n"},
        {"{a: {default: linger * 2 * 2, about: x}}",
         "5:34: \"*\" is too much here: an operand is a duration such as 10ms, or a parameter, then * or / "
         "and a number, then + or - and one\n"},
        {"{a: {default: holds, about: x}}",
         "5:23: the default \"holds\" is neither a number such as 16, 10ms, 4KiB or 2%, nor linger, nor an "
         "earlier parameter; a word needs \"choices\"\n"},
        {"{a: {default: linger + 3, about: x}}",
         "5:32: behind \"+\" stands a duration such as 10ms, not \"3\"\n"},
        {"{a: {default: 3 * 2, about: x}}",
         "5:25: \"*\" is too much here: an operand is a whole number such as 16, or a parameter\n"},
        {"{n: {default: [], about: }}", "5:23: \"default\" must be a text, not a list\n"
                                        "5:34: \"about\" must be a text, not nothing\n"},
    };
    assert_faults(faults, COUNT_OF(faults),
                  (struct frame){HEAD "params: ", "\nfix: {main: []}\nexpect: {fix: 0}\n"});
}

static void a_thing_is_of_a_known_kind_with_its_operand(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"share: [a]", "5:8: \"share\" is a mapping of names to things, not a list\n"},
        {"share: {a: chanel}", "5:12: \"chanel\" is no kind of thing: did you mean \"channel\"?\n"},
        {"share: {a: }", "5:12: a thing is a word such as channel or ticker, not nothing\n"},
        {"share: {a: ''}", "5:12: a thing is a word such as channel or ticker, not an empty text\n"},
        {"share: {a: ticker}", "5:12: \"ticker\" needs its period, such as \"ticker 10ms\"\n"},
        {"share: {a: ticker 5}", "5:19: \"ticker\" needs a duration such as 10ms, not the count \"5\"\n"},
        {"share: {a: number x}",
         "5:19: \"number\" needs a whole number such as 16; no parameter is called \"x\"\n"},
        {"share: {a: number 2_000_000_000}",
         "5:19: \"number\" needs a whole number from 0 to 1000000000, not \"2_000_000_000\"\n"},
        {"params: {n: {default: 3, about: x}}\n"
         "share: {n: number}",
         "6:9: \"n\" is a parameter already, which \"if n\" means: give the number another name\n"},
        {"share: {linger: number}",
         "5:9: a number cannot be called \"linger\": \"if linger\" means that of the scenario\n"},
        {"share: {a: queue}", "5:12: \"queue\" needs its size, such as \"queue 4KiB\"\n"},
        {"share: {a: queue 2MiB}", "5:18: \"queue\" needs a size from 1B to 1MiB, not \"2MiB\"\n"},
        {"share: {a: ticker 1us}", "5:19: \"ticker\" needs a duration from 1ms to 366d, not \"1us\"\n"},
        {"share: {a: channel 5ms}",
         "5:20: \"channel\" needs a whole number such as 16, not the duration \"5ms\"\n"},
        {"share: {a: scope 5 5}", "5:18: \"scope\" needs a duration such as 10ms, not the count \"5\"\n"},
        {"share: {a: channel n}",
         "5:20: \"channel\" needs a whole number such as 16; no parameter is called \"n\"\n"},
        {"share: {9: channel}", "5:9: \"9\" cannot name a thing: a name is a letter, then letters, digits, - "
                                "and _, at most 64 in all\n"},
        {"share: {a: mutex 3}", "5:18: \"mutex\" stands alone\n"},
        {"share: {a: group 2}", "5:18: \"group\" stands alone\n"},
        {"share: {a: condition}", "5:12: \"condition\" needs its mutex, such as \"condition m\"\n"},
        {"share: {lcok: mutex, a: condition lock}",
         "5:35: no mutex is called \"lock\" beside the condition or "
         "under \"share\": did you mean \"lcok\"?\n"},
        {"share: {a: \" condition * 3\"}", "5:12: \"condition\" needs its mutex, such as \"condition m\"\n"},
        {"share: {rw: rwmutex, a: condition rw}",
         "5:35: \"condition\" needs a mutex, and \"rw\" is an rwmutex (line 5)\n"},
        {"share: {a: condition a}",
         "5:22: no mutex is called \"a\" beside the condition or under \"share\"\n"},
        {"share: {a: nil mutex}", "5:12: only a channel is nil: write \"nil channel\"\n"},
        {"share: {a: nil}", "5:12: only a channel is nil: write \"nil channel\"\n"},
        {"share: {a: aligned}", "5:12: only a ticker is aligned: write \"aligned ticker 1s\"\n"},
        {"share: {a: aligned scope 1s}", "5:12: only a ticker is aligned: write \"aligned ticker 1s\"\n"},
        {"share: {a: aligned ticker}", "5:12: \"ticker\" needs its period, such as \"ticker 10ms\"\n"},
        {"share: {a: aligned ticker 1us}",
         "5:27: \"ticker\" needs a duration from 1ms to 366d, not \"1us\"\n"},
        {"share: {a: nil channel 3}", "5:12: only a channel is nil: write \"nil channel\"\n"},
        {"share: {a: rwmutes}", "5:12: \"rwmutes\" is no kind of thing: did you mean \"rwmutex\"?\n"},
        {"share: {a: {b: c}}", "5:12: a thing is a word such as channel or ticker, not a mapping\n"},
        {"share: {t: ticker linger / 2, u: channel 2000000000}",
         "5:42: \"channel\" needs a whole number from 0 to 1000000000, not \"2000000000\"\n"},
        {"params: {d: {default: 5ms, about: x}}\n"
         "share: {t: ticker d}",
         "6:19: \"ticker\" is at least 1ms, and \"d\" may be less: give it \"min: 1ms\"\n"},
    };
    assert_faults(faults, COUNT_OF(faults), (struct frame){HEAD, "\nfix: {main: []}\nexpect: {fix: 0}\n"});
}

static void a_statement_says_what_would_have_been_right(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"- recieve c", "9:7: \"recieve\" is no statement: did you mean \"recv\"?\n"},
        {"- recv", "9:7: cannot read \"recv\": write \"recv C\"\n"},
        {"- recv c d", "9:7: cannot read \"recv c d\": write \"recv C\"\n"},
        {"- recv t", "9:12: \"recv\" needs a channel or a queue, and \"t\" is a ticker (line 5)\n"},
        {"- recv jbos", "9:12: nothing is called \"jbos\": known: c, t, s\n"},
        {"- tick c", "9:12: \"tick\" needs a ticker, and \"c\" is a channel (line 5)\n"},
        {"- lock c", "9:12: \"lock\" needs a mutex or an rwmutex, and \"c\" is a channel (line 5)\n"},
        {"- rlock t", "9:13: \"rlock\" needs an rwmutex, and \"t\" is a ticker (line 5)\n"},
        {"- add c 2", "9:11: \"add\" needs a group, and \"c\" is a channel (line 5)\n"},
        {"- add", "9:7: cannot read \"add\": write \"add G\" or \"add G 16\"\n"},
        {"- wait s", "9:12: \"wait\" needs a group or a condition, and \"s\" is a scope (line 5)\n"},
        {"- unlock", "9:7: cannot read \"unlock\": write \"unlock M\"\n"},
        {"- runlok c", "9:7: \"runlok\" is no statement: did you mean \"runlock\"?\n"},
        {"- cancel t", "9:14: \"cancel\" needs a scope, and \"t\" is a ticker (line 5)\n"},
        {"- close nothing", "9:13: nothing is called \"nothing\": known: c, t, s\n"},
        {"- sleep n", "9:13: \"sleep\" needs a duration such as 10ms, not the count \"n\"\n"},
        {"- sleep 5", "9:13: \"sleep\" needs a duration such as 10ms, not the count \"5\"\n"},
        {"- sleep soon", "9:13: \"sleep\" needs a duration such as 10ms; no parameter is called \"soon\": "
                         "known: d, linger\n"},
        {"- sleep -5ms", "9:13: \"sleep\" needs a duration such as 10ms, not \"-5ms\"\n"},
        {"- sleep ten%", "9:13: \"sleep\" needs a duration such as 10ms, not \"ten%\"\n"},
        {"- sleep 400d", "9:13: \"sleep\" needs a duration from 0s to 366d, not \"400d\"\n"},
        {"- sleep d * d", "9:17: behind \"*\" stands a whole number from 1 to 1000000 or a parameter that is "
                          "one, not \"d\"\n"},
        {"- sleep d / n", "9:17: behind \"/\" stands a whole number from 1 to 1000000, not \"n\"\n"},
        {"- sleep d + 5", "9:17: behind \"+\" stands a duration such as 10ms, not \"5\"\n"},
        {"- sleep d - 1ms d", "9:21: \"d\" is too much here: an operand is a duration such as 10ms, or a "
                              "parameter, then * or / and a number, then + or - and one\n"},
        {"- sleep", "9:7: cannot read \"sleep\": write \"sleep 10ms\"\n"},
        {"- hold d", "9:12: \"hold\" needs a size such as 4KiB, not the duration \"d\"\n"},
        {"- hold 2GiB", "9:12: \"hold\" needs a size from 0B to 1GiB, not \"2GiB\"\n"},
        {"- hold 5%", "9:12: \"hold\" needs a size such as 4KiB, not the percentage \"5%\"\n"},
        {"- spawn main", "9:13: \"main\" is not spawned: it runs once a start\n"},
        {"- spawn nobody", "9:13: no task is called \"nobody\"\n"},
        {"- spawn", "9:7: cannot read \"spawn\": write \"spawn T\" or \"spawn T * 16\"\n"},
        {"- break", "9:7: \"break\" is not inside a loop or a range\n"},
        {"- exit: []", "9:7: \"exit\" has nothing inside: write it without the colon\n"},
        {"- exit now", "9:7: cannot read \"exit now\": write \"exit\"\n"},
        {"- loop",
         "9:7: \"loop\" needs something inside: write \"loop:\" or \"loop 16:\" and a list below it\n"},
        {"- loop:", "9:7: \"loop\" has nothing inside: it would turn for ever\n"},
        {"- loop x:\n"
         "        - drop",
         "9:12: \"loop\" needs a whole number such as 16; no parameter is called \"x\": known: "
         "n\n"},
        {"- loop 2:\n"
         "        - loop 2:\n"
         "            - loop 2:\n"
         "                - loop 2:\n"
         "                    - loop 2: [drop]",
         "13:23: nested too deep: at most 4 counted loops fit into each other, and a spawn counts as one\n"},
        {"- select: [recv c]", "9:15: \"select\" is a mapping of cases such as \"recv C:\", not a list\n"},
        {"- select:\n"
         "        recieve c:\n"
         "        recv: drop\n"
         "        done s s: drop\n"
         "        after 3: drop\n"
         "        after 5ms: drop",
         "10:9: \"recieve\" is no case of a select: did you mean \"recv\"?\n"
         "11:9: cannot read \"recv\": write \"recv C\"\n"
         "12:9: cannot read \"done s s\": write \"done\" or \"done S\"\n"
         "13:15: \"after\" needs a duration such as 10ms, not the count \"3\"\n"
         "14:9: a select has at most one \"after\"\n"},
        {"- select: {after 5ms: drop, after 6ms: drop}", "9:33: a select has at most one \"after\"\n"},
        {"- {select: {default: drop, 'default ': drop}}", "9:32: a select has at most one \"default\"\n"},
        {"- if n: [drop]", "9:7: cannot read \"if n\": write \"if n > 3:\"\n"},
        {"- if n = 3: drop", "9:12: \"=\" compares nothing: write is, is not, <, <=, > or >=\n"},
        {"- if n == 3: drop", "9:12: \"==\" compares nothing: write is, is not, <, <=, > or >=\n"},
        {"- if n is 5ms: drop",
         "9:15: the comparison needs a whole number such as 16, not the duration \"5ms\"\n"},
        {"- if 3 is n: drop",
         "9:10: \"if\" compares a parameter, a number, linger or holds with something; \"3\" is none\n"},
        {"- if c is 1: drop", "9:10: \"if\" needs a number, and \"c\" is a channel (line 5)\n"},
        {"- set c 1", "9:11: \"set\" needs a number, and \"c\" is a channel (line 5)\n"},
        {"- set n 1", "9:11: nothing is called \"n\": known: c, t, s\n"},
        {"- set c", "9:7: cannot read \"set c\": write \"set X 1\", \"set X + 1\" or \"set X - 1\"\n"},
        {"- if how < b: drop", "9:14: a choice is compared with is and is not\n"},
        {"- if how is c: drop", "9:17: \"c\" is none of the choices of \"how\": known: a, b\n"},
        {"- if how is a b: drop", "9:17: a choice is compared with one word\n"},
        {"- if n > 3", "9:7: \"if\" needs something inside: write \"if n > 3:\" and a list below it\n"},
        {"- else: drop",
         "9:7: \"else\" without an \"if\" or a \"chance\": it stands under it, without a dash\n"},
        {"- chance 2%", "9:7: \"chance\" needs something inside: write \"chance 2%:\" and a list below it\n"},
        {"- chance n: drop", "9:14: \"chance\" needs a percentage such as 2%, not the count \"n\"\n"},
        {"- chance 101%: drop", "9:14: \"chance\" needs a percentage from 0% to 100%, not \"101%\"\n"},
        {"- drop:", "9:7: \"drop\" has nothing inside: write it without the colon\n"},
        {"- await c", "9:13: write \"await done\" or \"await done S\", where S is a scope\n"},
        {"- await done c", "9:18: \"done\" needs a scope, and \"c\" is a channel (line 5)\n"},
        {"- - drop", "9:7: a statement is text, or text and a colon, not a list\n"},
        {"- ", "9:6: a statement is text, or text and a colon, not nothing\n"},
        {"- ''", "9:7: an empty text is no statement\n"},
        {"- {}", "9:7: an empty mapping is no statement\n"},
        {"- drop: []\n"
         "      exit: []",
         "10:7: \"exit\" needs a dash of its own: one statement an item\n"},
        {"- if n > 3: drop\n"
         "      otherwise: drop",
         "10:7: \"otherwise\" needs a dash of its own: one statement an item\n"},
        {"- exit\n"
         "    - drop\n"
         "    - drop",
         "10:7: nothing ever comes here: what stands before it does not go on\n"},
        {"- loop: [drop]\n"
         "    - drop",
         "10:7: nothing ever comes here: what stands before it does not go on\n"},
        {"- select:\n"
         "    - drop",
         "10:7: nothing ever comes here: what stands before it does not go on\n"},
        {"- a b c d e f g h i j k l m",
         "9:7: \"a b c d e f g h i j k l m...\" has more words than any statement\n"},
        {"- xäääääääääääääääääääää b c d e f g h i j k l m n",
         "9:7: \"xäääääääääääääääääää...\" has more words than any statement\n"},
        {"- recv 'c", "9:12: nothing is called \"'c\": did you mean \"c\"?\n"},
    };
    assert_faults(faults, COUNT_OF(faults),
                  (struct frame){HEAD ALL_SORTS "fix:\n  main:\n    ", "\nexpect: {fix: 0}\n"});
}

static void names_and_spawns_make_sense(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"fix: {a: []}", "5:1: \"fix\" needs a task \"main\": it runs once a start\n"},
        {"fix: {main: , a: []}", "5:7: \"main\" needs a list of statements; [] ends at once\n"
                                 "5:15: nobody spawns \"a\"\n"},
        {"fix: {main: [spawn a], a: {stepps: []}}",
         "5:24: \"a\" needs \"steps\": the list of its statements\n"
         "5:28: \"stepps\" is not known here: did you mean \"steps\"?\n"},
        {"fix: {main: [spawn a], a: {own: [], steps: []}}",
         "5:33: \"own\" is a mapping of names to things, not a list\n"},
        {"fix: {main: [spawn a], a: [spawn b], b: [spawn c], d: [spawn e], e: [spawn d]}",
         "5:48: no task is called \"c\": known: a, b, d, e\n"
         "5:52: nobody spawns \"d\"\n"
         "5:66: nobody spawns \"e\"\n"},
        {"fix: {main: [spawn a, spawn b], a: {own: {r: channel}, steps: [\" spawn f\"]}, b: {own: {r: "
         "channel}, "
         "steps: [spawn f]}, f: [send r]}",
         "5:129: \"r\" means different things, depending on who spawned \"f\": that of \"a\" (line 5) or "
         "that of \"b\" (line 5); give them different names\n"},
        {"fix: {main: [spawn b], 9: []}", "5:20: no task is called \"b\"\n"
                                          "5:24: \"9\" cannot name a task: a name is a letter, then letters, "
                                          "digits, - and _, at most 64 in all\n"},
        {"fix: {main: drop, steps: []}", "5:19: nobody spawns \"steps\"\n"},
        {"fix: {main: [spawn a, spawn b], a: {own: {r: channel}, steps: [spawn f]}, b: {own: {r: channel}, "
         "steps: [spawn f]}, f: [send r]}",
         "5:126: \"r\" means different things, depending on who spawned \"f\": that of \"a\" (line 5) or "
         "that of \"b\" (line 5); give them different names\n"},
        {"share: {r: channel}\n"
         "fix: {main: [spawn a, spawn f], a: {own: {r: channel}, steps: [spawn f]}, f: [send r]}",
         "6:84: \"r\" means different things, depending on who spawned \"f\": the shared one (line 5) or "
         "that of \"a\" (line 6); give them different names\n"},
        {"fix: {main: [spawn a, spawn b], a: {own: {r: channel}, steps: []}, b: [send r]}",
         "5:77: \"r\" (line 5) belongs to another task: \"b\" sees its own things, those of whoever spawned "
         "it, and what is shared\n"},
        {"fix: {main: [spawn a, spawn c], a: {own: {r: channel}, steps: [spawn c]}, c: [recv r]}",
         "5:84: \"r\" is that of \"a\" (line 5), but not every \"c\" is spawned where there is one; declare "
         "one under \"share\" too\n"},
        {"share: {r: channel}\nfix: {main: [spawn a], a: [recv outer.r]}",
         "6:33: \"outer.r\" passes over what a task has of its own, and \"a\" has nothing: write \"r\"\n"},
        {"fix: {main: [spawn a], a: {own: {r: channel}, steps: [spawn a, recv outer.r]}}",
         "5:69: \"outer.r\" is that of \"a\" (line 5), but not every \"a\" is spawned where there is one; "
         "declare one under \"share\" too\n"},
        {"share: {r: channel}\nfix: {main: [spawn a], a: {own: {r: channel}, steps: [recv outer.rr]}}",
         "6:60: nothing is called \"rr\": did you mean \"r\"?\n"},
        {"fix: {main: [spawn a], a: {own: {r: channel}, steps: [recv outer.r]}}",
         "5:60: nobody who spawns \"a\" sees anything called \"r\"; declare one under \"share\" too\n"},
        {"share: {r: queue 4KiB}\n"
         "fix: {main: [spawn a], a: {own: {r: channel}, steps: [spawn a, recv outer.r]}}",
         "6:69: \"outer.r\" may be the shared one (line 5) or that of \"a\" (line 6), depending on who "
         "spawned \"a\": they must be of one kind\n"},
        {"share: {r: channel}\n"
         "fix: {main: [spawn a, spawn b], b: {own: {x: channel}, steps: [spawn a]}, "
         "a: {own: {r: channel}, steps: [spawn a, recv outer.r]}}",
         "6:120: \"outer.r\" may be the shared one (line 5), 1 outward, or the shared one (line 5), 2 "
         "outward, depending on who spawned \"a\": every task with an \"own\" counts, and what may be one of "
         "several must lie at one distance\n"},
        {"share: {r: channel}\n"
         "fix: {main: [spawn b], b: {own: {x: channel}, steps: [spawn a]}, "
         "a: {own: {r: channel}, steps: [spawn a, recv outer.r]}}",
         "6:111: \"outer.r\" may be that of \"a\" (line 6), 1 outward, or the shared one (line 5), 2 "
         "outward, depending on who spawned \"a\": every task with an \"own\" counts, and what may be one of "
         "several must lie at one distance\n"},
        {"share: {r: channel}\n"
         "fix: {main: [spawn a], a: {own: {r: channel}, steps: [spawn a, tick outer.r]}}",
         "6:69: \"tick\" needs a ticker, and \"outer.r\" is a channel (line 5)\n"},
        {"fix: {main: [spawn a], a: {own: {r: channel}, steps: [spawn b, spawn c]}, b: {own: {x: channel}, "
         "steps: [spawn c]}, c: [recv r]}",
         "5:126: \"r\" is that of \"a\" (line 5), but a different number of tasks with an \"own\" lie "
         "between it and \"c\", depending on who spawned whom; put it under \"share\", or spawn \"c\" in one "
         "way only\n"},
        {"fix: {main: [spawn a], a: {own: {r: channel}, steps: [spawn b]}, b: {own: {x: channel}, steps: "
         "[spawn b, recv r]}}",
         "5:111: \"r\" is that of \"a\" (line 5), but a different number of tasks with an \"own\" lie "
         "between it and \"b\", depending on who spawned whom; put it under \"share\", or spawn \"b\" in one "
         "way only\n"},
        {"fix: {main: [recv r]}", "5:19: nothing is called \"r\": declare it under \"share\" or \"own\"\n"},
    };
    assert_faults(faults, COUNT_OF(faults), (struct frame){HEAD, "\nexpect: {fix: 0}\n"});
}

static void what_both_variants_share_is_reported_once(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"share: {a: chanel}\nleak: {main: []}\nfix: {main: []}\nexpect: {leak: 0, fix: 0}\n",
         "5:12: \"chanel\" is no kind of thing: did you mean \"channel\"?\n"},
    };
    assert_faults(faults, COUNT_OF(faults), (struct frame){HEAD, ""});
}

static void messages_are_printed_as_compilers_do(void **state)
{
    (void)state;
    assert_fix("fix: {main: [recieve, slep]}\n",
               "p.yaml:5:14: \"recieve\" is no statement: did you mean \"recv\"?\n"
               "p.yaml:5:23: \"slep\" is no statement: did you mean \"sleep\"?\n");
}

static void messages_keep_to_their_line(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"fix: {main: [\"a\\n  b\\tc\"], \"x\\ny\": []}\n",
         "5:14: \"a\" is no statement: known: spawn, exit, panic, loop, break, if, chance, send, recv, "
         "close, range, "
         "select, ...\n"
         "5:28: \"x y\" cannot name a task: a name is a letter, then letters, digits, - and _, at most 64 in "
         "all\n"},
    };
    assert_faults(faults, COUNT_OF(faults), (struct frame){HEAD, "expect: {fix: 0}\n"});
}

static void a_bounded_number_of_messages_is_kept(void **state)
{
    (void)state;
    struct buf text, shown;
    buf_init(&text, 1 << 16);
    buf_init(&shown, 1 << 16);
    for (int i = 0; i < LIMIT_MESSAGES + 7; i++)
        buf_printf(&text, "k%d: v\n", i);
    struct compiled compiled = compile(buf_text(&text));
    assert_int_equal(compiled.err, ERR_SYNTAX);
    assert_int_equal(compiled.messages.count, LIMIT_MESSAGES);
    /* The seven that did not fit, and the six of what a pattern needs. */
    assert_int_equal(compiled.messages.dropped, 13);
    messages_print(&compiled.messages, "p.yaml", &shown);
    assert_non_null(strstr(buf_text(&shown), "p.yaml: 13 more\n"));
    compiled_free(&compiled);
    buf_deinit(&text);
    buf_deinit(&shown);
}

/* 2,047 bytes fit: behind one byte, 1,023 characters of two end there; without it the last one is cut. */
static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        size_t size;
    } cases[] = {{"a", 2047}, {"", 2046}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct messages messages;
        struct buf text;
        messages_init(&messages);
        buf_init(&text, 1 << 16);
        buf_puts(&text, cases[i].before);
        for (int k = 0; k < 2000; k++)
            buf_puts(&text, "\xc3\xa9");
        messages_add(&messages, 1, 1, "%s", buf_text(&text));
        size_t size = strlen(messages.items[0].text);
        assert_int_equal(size, cases[i].size);
        assert_memory_equal(messages.items[0].text, buf_text(&text), size);
        messages_deinit(&messages);
        buf_deinit(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_plain_yaml_is_refused_with_its_place),
        cmocka_unit_test(a_pattern_needs_its_parts),
        cmocka_unit_test(a_parameter_is_declared_in_full),
        cmocka_unit_test(a_thing_is_of_a_known_kind_with_its_operand),
        cmocka_unit_test(a_statement_says_what_would_have_been_right),
        cmocka_unit_test(names_and_spawns_make_sense),
        cmocka_unit_test(what_both_variants_share_is_reported_once),
        cmocka_unit_test(messages_are_printed_as_compilers_do),
        cmocka_unit_test(messages_keep_to_their_line),
        cmocka_unit_test(a_bounded_number_of_messages_is_kept),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
