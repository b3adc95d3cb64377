/* Parses a document in pieces of many sizes and prints what it is told. */
#include <expat.h>
#include <stdio.h>
#include <string.h>

static const char document[] =
    "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
    "<!DOCTYPE list [<!ELEMENT list (item*)><!ELEMENT item (#PCDATA)>"
    "<!ATTLIST item id ID #REQUIRED kind (a|b|c) 'b' note CDATA #IMPLIED>"
    "<!ENTITY name 'an &#x65;ntity'><!ENTITY % part 'IGNORE'><!NOTATION gif SYSTEM 'gif'>]>\n"
    "<?target some data?><list xmlns:n='urn:n' xmlns='urn:d'>\n"
    "<item id='i1' note=' a&#10;b  &lt;'>text &amp; &name; more</item><!-- a comment -->\n"
    "<n:item id='i2' kind='c'><![CDATA[<raw> & ]] >]]></n:item>\r\n"
    "<item id='i3'>\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80</item><empty/></list>\n";
static const char *const wrong[] = {
    "<a><b></a>", "<a x='1' x='2'/>", "<a>&none;</a>", "<a", "<a>\xff</a>", "<a/><b/>", "<a b=c/>", "<a>]]></a>",
    "<!DOCTYPE a [<!ENTITY x '&y;'><!ENTITY y '&x;'>]><a>&x;</a>", "<n:a/>", "<?xml version='2'?><a/>", "<a>&#0;</a>",
};
static int loud;
static unsigned sum;

static void say(const char *what, const char *text, int length) {
    for (int i = 0; i < length; i++) sum = sum * 31 + (unsigned char)text[i];
    if (loud) printf("%s %.*s|\n", what, length, text);
}
static void start(void *data, const char *name, const char **pairs) {
    say("start", name, (int)strlen(name));
    for (; *pairs; pairs++) say("  with", *pairs, (int)strlen(*pairs));
}
static void end(void *data, const char *name) { say("end", name, (int)strlen(name)); }
static void text(void *data, const char *text, int length) { say("text", text, length); }
static void comment(void *data, const char *text) { say("comment", text, (int)strlen(text)); }
static void instruction(void *data, const char *target, const char *text) {
    say("target", target, (int)strlen(target));
    say("data", text, (int)strlen(text));
}
static void entity(void *data, const char *name, int is_parameter, const char *value, int length, const char *base,
                   const char *system, const char *public_id, const char *notation) {
    say("entity", name, (int)strlen(name));
    if (value) say("value", value, length);
}
static void attribute(void *data, const char *element, const char *name, const char *type, const char *value, int required) {
    say("attribute", name, (int)strlen(name));
    say("type", type, (int)strlen(type));
}

static void parse(const char *text_of, size_t length, size_t piece, int spaces) {
    XML_Parser parser = spaces ? XML_ParserCreateNS(NULL, '^') : XML_ParserCreate(NULL);
    XML_SetHashSalt(parser, 12345);
    XML_SetElementHandler(parser, start, end);
    XML_SetCharacterDataHandler(parser, text);
    XML_SetCommentHandler(parser, comment);
    XML_SetProcessingInstructionHandler(parser, instruction);
    XML_SetEntityDeclHandler(parser, entity);
    XML_SetAttlistDeclHandler(parser, attribute);
    enum XML_Status status = XML_STATUS_OK;
    for (size_t at = 0; at < length && status == XML_STATUS_OK; at += piece) {
        size_t size = length - at < piece ? length - at : piece;
        status = XML_Parse(parser, text_of + at, (int)size, at + size == length);
    }
    printf("%d %d line %d column %d sum %u\n", status, XML_GetErrorCode(parser),
           (int)XML_GetCurrentLineNumber(parser), (int)XML_GetCurrentColumnNumber(parser), sum);
    XML_ParserFree(parser);
}

int main(void) {
    loud = 1;
    parse(document, sizeof document - 1, sizeof document, 1);
    loud = 0;
    for (size_t piece = 1; piece < 60; piece += 7) parse(document, sizeof document - 1, piece, piece & 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) parse(wrong[i], strlen(wrong[i]), 3, i & 1);
    return 0;
}
