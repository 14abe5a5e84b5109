#include "http/caller.h"

#include <netinet/in.h>
#include <string.h>

#define NS_PER_S     1000000000ULL
#define NETWORK_SIZE 8 /* bytes of an IPv6 address that name a network */

struct caller caller_of(const struct sockaddr *address)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct caller caller = {{0}};
    if (address == NULL)
        return caller;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        memcpy(caller.bytes, mapped, sizeof mapped);
        memcpy(caller.bytes + sizeof mapped, &in.sin_addr, sizeof in.sin_addr);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        bool is_mapped = memcmp(&in6.sin6_addr, mapped, sizeof mapped) == 0;
        memcpy(caller.bytes, &in6.sin6_addr, is_mapped ? sizeof caller.bytes : NETWORK_SIZE);
        if (!is_mapped)
            caller.bytes[NETWORK_SIZE] = 1; /* not a Unix socket, whatever the network */
    }
    return caller;
}

bool caller_equal(const struct caller *a, const struct caller *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Each bit of the value touches every bit of the result: folding brings down what multiplying has carried up.
 */
static uint64_t mix(uint64_t value)
{
    for (int round = 0; round < 2; round++) {
        value ^= value >> 32;
        value *= 0x9e3779b97f4a7c15ULL;
    }
    return value ^ (value >> 32);
}

size_t caller_slot(const struct caller *caller, uint64_t salt, size_t count)
{
    uint64_t halves[2];
    memcpy(halves, caller->bytes, sizeof halves);
    return (size_t)(mix(mix(mix(salt) ^ halves[0]) ^ halves[1]) % count);
}

void quota_init(struct quota *quota, uint32_t rate, uint64_t salt)
{
    *quota = (struct quota){.interval_ns = rate == 0 ? 0 : NS_PER_S / rate, .salt = salt};
}

bool quota_take(struct quota *quota, const struct caller *caller, uint64_t now_ns)
{
    if (quota->interval_ns == 0)
        return true;
    uint64_t *until_ns = &quota->until_ns[caller_slot(caller, quota->salt, LIMIT_CALLERS)];
    uint64_t from_ns = *until_ns > now_ns ? *until_ns : now_ns;
    if (from_ns + quota->interval_ns > now_ns + NS_PER_S)
        return false;
    *until_ns = from_ns + quota->interval_ns;
    return true;
}
