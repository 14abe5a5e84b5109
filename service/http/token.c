#include "http/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Room for blanks around a token. */
#define FILE_BYTES (LIMIT_TOKEN_BYTES + 64)

#define BLANKS " \t\r\n"

static const char allowed[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/="; /* b64token, a little wider */

enum err token_parse(const char *text, size_t size, struct token *token)
{
    while (size > 0 && text[0] != '\0' && strchr(BLANKS, text[0]) != NULL) {
        text++;
        size--;
    }
    while (size > 0 && text[size - 1] != '\0' && strchr(BLANKS, text[size - 1]) != NULL)
        size--;
    if (size < TOKEN_MIN || size > LIMIT_TOKEN_BYTES)
        return ERR_SYNTAX;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\0' || strchr(allowed, text[i]) == NULL)
            return ERR_SYNTAX;
    memset(token, 0, sizeof *token);
    memcpy(token->text, text, size);
    return ERR_OK;
}

/* Reads what there is, up to `max`; -1 with errno. */
static ssize_t read_whole(int fd, char *bytes, size_t max)
{
    size_t size = 0;
    while (size < max) {
        ssize_t got = read(fd, bytes + size, max - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        size += (size_t)got;
    }
    return (ssize_t)size;
}

const char *token_read(const char *path, struct token *token)
{
    char bytes[FILE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer must not hold us */
    if (fd < 0)
        return strerror(errno);
    ssize_t size = read_whole(fd, bytes, sizeof bytes);
    int error = errno;
    close(fd);
    if (size < 0)
        return strerror(error);
    /* What is longer is no token, even if it begins with one. */
    enum err err = size == FILE_BYTES ? ERR_SYNTAX : token_parse(bytes, (size_t)size, token);
    explicit_bzero(bytes, sizeof bytes);
    if (err == ERR_OK)
        return NULL;
    return "it must hold one token of 16 to 512 letters, digits and -._~+/=, such as openssl rand -hex 32 "
           "makes";
}

/* As memcmp() == 0, in a time that depends on nothing. */
static bool equal(const char *a, const char *b, size_t size)
{
    volatile uint8_t different = 0;
    for (size_t i = 0; i < size; i++)
        different |= (uint8_t)((uint8_t)a[i] ^ (uint8_t)b[i]);
    return different == 0;
}

enum token_word token_check(const struct token *token, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    char given[sizeof token->text] = {0};
    if (authorization == NULL)
        return TOKEN_ABSENT;
    if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return TOKEN_SCHEME;
    authorization += sizeof scheme - 1;
    authorization += strspn(authorization, " ");
    size_t size = strnlen(authorization, sizeof given);
    bool fits = size < sizeof given;
    memcpy(given, authorization, fits ? size : 0);
    bool same = equal(given, token->text, sizeof given) & fits & (token->text[0] != '\0');
    explicit_bzero(given, sizeof given);
    return same ? TOKEN_MATCHES : TOKEN_DIFFERS;
}
