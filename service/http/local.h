/* What the HTTP thread answers by itself, whatever the lab is doing. */
#pragma once

#include <microhttpd.h>

#include "base/embed.h"

struct exchange;

/* GET /: the page for a browser; for anybody else what this is and every route, as text. */
enum MHD_Result local_index(struct exchange *exchange);

/* GET /healthz: 200 as long as this thread lives. */
enum MHD_Result local_health(struct exchange *exchange);

/* GET /readyz: 200 "ready", or 503 "starting", "stopping", or "stalled" when the snapshot is older than 5 s.
 */
enum MHD_Result local_ready(struct exchange *exchange);

/* GET /version: leaklab's and its libraries'. */
enum MHD_Result local_version(struct exchange *exchange);

/* GET /openapi.json: the OpenAPI 3.1 document, openapi.json.in with the version filled in. */
EMBEDDED_FILES(embedded_openapi);
enum MHD_Result local_openapi(struct exchange *exchange);
