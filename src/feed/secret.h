/* What must never be held: secrets of SIMs and accounts, payment cards, and the
 * classes of data that no record has a reason to carry. It is recognised by
 * its name, or in free text by its form; it is never taken into a record. */
#ifndef FEED_SECRET_H
#define FEED_SECRET_H

#include <stdbool.h>
#include "sluice/str.h"

/* In order of severity. */
enum secret {
    SECRET_NONE,
    SECRET_HELD,         /* the bytes may not be sealed either */
    SECRET_PROHIBITED    /* the record may not be processed at all (GDPR Art. 9, 10) */
};

/** What a field of that name holds. Case, '_' and '-' and digits at the end do
 *  not matter: PIN1 and api-key are found. */
enum secret secret_of_name(struct sluice_str name);

#define SECRET_PROHIBITED_MAX 256

/** Another name that must not be held, for the life of the process: some
 *  tenant's policy prohibits it, and what one prohibits none of them takes.
 *  Returns false when it is no name or there are too many. */
bool secret_prohibit(struct sluice_str name);

/** Whether text holds the number of a payment card: 13 to 19 digits, spaces or
 *  hyphens between them, of a length that their issuer uses, with a right Luhn
 *  digit. An ICCID is none, as it starts with 8. */
bool secret_card_in_text(struct sluice_str text);

/** The worst that the names in quotes tell, and card numbers, in bytes that no
 *  parser understood. Cards of 16 digits or more only, as most shorter numbers
 *  in a record are IMSIs and MSISDNs. */
enum secret secret_in_bytes(struct sluice_str bytes);

#endif
