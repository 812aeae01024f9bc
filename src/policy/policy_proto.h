/* proto/sluice/v1/raw.proto and purpose.proto as texts, put in at build time,
 * so that what `policy proto` prints cannot drift from what is written. */
#ifndef POLICY_POLICY_PROTO_H
#define POLICY_POLICY_PROTO_H

extern const char policy_proto_raw[];
extern const char policy_proto_purpose[];

#endif
