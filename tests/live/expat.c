/* Parses documents with expat. */
#include "requests.h"
#define XMLIMPORT
#include <expat.h>

IMPORT(XML_ParserCreate);
IMPORT(XML_ParserCreateNS);
IMPORT(XML_ParserFree);
IMPORT(XML_Parse);
IMPORT(XML_ParseBuffer);
IMPORT(XML_GetBuffer);
IMPORT(XML_StopParser);
IMPORT(XML_GetErrorCode);
IMPORT(XML_SetElementHandler);
IMPORT(XML_SetUserData);
IMPORT(XML_SetUnknownEncodingHandler);

static void result(XML_Parser parser, enum XML_Status status) {
    if (status == XML_STATUS_ERROR)
        printf("rejected, error %d\n", dynamic_XML_GetErrorCode(parser));
    else
        puts("accepted");
    dynamic_XML_ParserFree(parser);
}

static void parse(XML_Parser parser, const char *text) {
    result(parser, dynamic_XML_Parse(parser, text, (int)strlen(text), 1));
}

/* CVE-2022-25236: a namespace that contains the separator. */
static void separator(void) {
    parse(dynamic_XML_ParserCreateNS(NULL, '\n'), "<doc xmlns='one&#10;two'/>");
}

/* CVE-2022-25235: the second byte of a character has the wrong form. */
static void encoding(void) {
    parse(dynamic_XML_ParserCreate("UTF-8"), "<a\xDB\xE5/>");
}

/* CVE-2024-45490: a negative length. */
static void length(void) {
    XML_Parser parser = dynamic_XML_ParserCreate(NULL);
    char *buffer = dynamic_XML_GetBuffer(parser, 64);
    memset(buffer, ' ', 64);
    result(parser, dynamic_XML_ParseBuffer(parser, -1, 0));
}

/* CVE-2024-50602: a parser is stopped that never began. */
static void stop(void) {
    XML_Parser parser = dynamic_XML_ParserCreate(NULL);
    result(parser, dynamic_XML_StopParser(parser, 1));
}

/* CVE-2023-52425: a long token that comes in many pieces. An encoding of our own counts how
 * often its characters are read. */
enum { PIECES = 200, CHARACTERS = 50 };
static unsigned characters_read;

static int XMLCALL convert(void *data, const char *text) {
    (void)data;
    characters_read++;
    return 0x4e00 + (unsigned char)text[1];
}

static int XMLCALL encoding_of(void *data, const XML_Char *name, XML_Encoding *info) {
    (void)data, (void)name;
    for (int i = 0; i < 256; i++)
        info->map[i] = i < 128 ? i : -2;
    info->data = NULL;
    info->convert = convert;
    info->release = NULL;
    return XML_STATUS_OK;
}

static XML_Parser begin_token(void) {
    static const char start[] = "<?xml version='1.0' encoding='ours'?><a b='";
    XML_Parser parser = dynamic_XML_ParserCreate(NULL);
    characters_read = 0;
    dynamic_XML_SetUnknownEncodingHandler(parser, encoding_of, NULL);
    dynamic_XML_Parse(parser, start, (int)sizeof start - 1, 0);
    return parser;
}

static void pieces(XML_Parser parser, int count) {
    char piece[2 * CHARACTERS];
    for (int i = 0; i < CHARACTERS; i++) {
        piece[2 * i] = (char)0x81;
        piece[2 * i + 1] = (char)(i + 1);
    }
    while (count--)
        dynamic_XML_Parse(parser, piece, sizeof piece, 0);
}

static void end_token(XML_Parser parser, unsigned characters) {
    enum XML_Status status = dynamic_XML_Parse(parser, "'/>", 3, 1);
    const char *often = characters_read < 10 * characters ? "a few times" : "many times";
    printf("reads a character %s, ", often);
    result(parser, status);
}

static void token(void) {
    XML_Parser parser = begin_token();
    pieces(parser, PIECES);
    end_token(parser, PIECES * CHARACTERS);
}

/* The same, begun before the library is patched: what is read from then on counts. */
static XML_Parser held;
static void hold(void) {
    held = begin_token();
    pieces(held, PIECES);
    puts("held");
}

static void release(void) {
    characters_read = 0;
    pieces(held, PIECES);
    end_token(held, 2 * PIECES * CHARACTERS);
}

static void XMLCALL element(void *data, const XML_Char *name, const XML_Char **attributes) {
    int *letters = data;
    *letters += (int)strlen(name);
    for (; *attributes; attributes++)
        *letters += (int)strlen(*attributes);
}

static XML_Parser document(int *letters) {
    XML_Parser parser = dynamic_XML_ParserCreateNS("UTF-8", '|');
    *letters = 0;
    dynamic_XML_SetUserData(parser, letters);
    dynamic_XML_SetElementHandler(parser, element, NULL);
    return parser;
}

static const char first_half[] =
    "<?xml version='1.0'?><!DOCTYPE d [<!ELEMENT d (a|b)*><!ENTITY e 'text &amp; more'>"
    "<!ATTLIST a x CDATA 'default'>]><d xmlns='urn:one' xmlns:p='urn:two'><a y='1'>&e;</a><p:b q='";
static const char second_half[] =
    "value'><a/>\xC3\xA4\xE2\x82\xAC<![CDATA[<raw>]]></p:b><!-- comment --><?target data?></d>";

static void regular(void) {
    int letters;
    XML_Parser parser = document(&letters);
    dynamic_XML_Parse(parser, first_half, (int)sizeof first_half - 1, 0);
    printf("%d ", dynamic_XML_Parse(parser, second_half, (int)sizeof second_half - 1, 1));
    printf("%d, ", letters);
    result(parser, XML_STATUS_OK);
}

/* A document that is begun before the library is patched and ended afterwards. */
static XML_Parser begun;
static int begun_letters;
static void begin(void) {
    begun = document(&begun_letters);
    printf("%d\n", dynamic_XML_Parse(begun, first_half, (int)sizeof first_half - 1, 0));
}

static void end(void) {
    enum XML_Status status = dynamic_XML_Parse(begun, second_half, (int)sizeof second_half - 1, 1);
    printf("%d ", begun_letters);
    result(begun, status);
}

int main(int argc, char **argv) {
    static const struct request requests[] = {{"separator", separator}, {"encoding", encoding},
        {"length", length}, {"stop", stop}, {"token", token}, {"hold", hold}, {"release", release}, {"regular", regular}, {"begin", begin}, {"end", end},
        {NULL, NULL}};
    HMODULE library = LoadLibraryA(argc > 1 ? argv[1] : "");
    if (!library)
        return 2;
    FIND(XML_ParserCreate);
    FIND(XML_ParserCreateNS);
    FIND(XML_ParserFree);
    FIND(XML_Parse);
    FIND(XML_ParseBuffer);
    FIND(XML_GetBuffer);
    FIND(XML_StopParser);
    FIND(XML_GetErrorCode);
    FIND(XML_SetElementHandler);
    FIND(XML_SetUserData);
    FIND(XML_SetUnknownEncodingHandler);
    return serve(requests);
}
