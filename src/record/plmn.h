#ifndef RECORD_PLMN_H
#define RECORD_PLMN_H

#include "sluice/identity.h"

/** A network whose MNC lost its length, mcc and mnc being numbers of any size:
 *  from the table of countries, or SLUICE_REASON_BAD_PLMN. */
enum sluice_reason record_plmn_repair(struct sluice_plmn *plmn, uint32_t mcc, uint32_t mnc);

#endif
