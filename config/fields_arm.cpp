// The table of fields: the arms that a router chooses among.
#include "config/field.h"

namespace sluice::config {

namespace {

using enum Effect;

constexpr Number kPrice{0, 1e6};
constexpr std::string_view kPriceUnit = "USD per million tokens";

constexpr Field<ArmOptions> kArmRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&ArmOptions::name>(),
     .doc = "What answers call it. A name keeps what was learnt of it; a new one begins as start "
            "says.",
     .required = true},
    {.key = "model",
     .shape = Label{},
     .at = At<&ArmOptions::model>(),
     .doc = "The model that the caller is told to use.",
     .required = true},
    {.key = "tier",
     .shape = Whole{1, 16},
     .at = At<&ArmOptions::tier>(),
     .doc = "Rank from cheap to premium."},
    {.key = "price_input_per_million_usd",
     .shape = kPrice,
     .at = At<&ArmOptions::price_input_per_million_usd>(),
     .unit = kPriceUnit,
     .doc = "List price of input; one of the two prices is above 0."},
    {.key = "price_output_per_million_usd",
     .shape = kPrice,
     .at = At<&ArmOptions::price_output_per_million_usd>(),
     .unit = kPriceUnit,
     .doc = "List price of output."},
    {.key = "capabilities",
     .shape = Labels{},
     .at = At<&ArmOptions::capabilities>(),
     .doc = "What a request may need: \"vision\", \"tools\", ..."},
    {.key = "params",
     .shape = Scalars{},
     .at = At<&ArmOptions::params>(),
     .doc = "Handed to the caller with each answer: temperature, max_tokens, ..."},
    {.key = "state",
     .shape = Choice{kStateNames},
     .at = At<&ArmOptions::state>(),
     .doc = "A paused or draining arm is not chosen; what was learnt of it is kept, and feedback "
            "on it counts."},
    {.key = "start",
     .shape = Name{},
     .at = At<&ArmOptions::start>(),
     .doc = "Where an arm starts whose name is new: \"others\", at the mean of the other arms' "
            "estimates; \"prior\"; or at what was learnt of the arm of this name."},
    {.key = "start_strength",
     .shape = Number{0, 1e6},
     .at = At<&ArmOptions::start_strength>(),
     .unit = "observations",
     .doc = "What counts at most of what is borrowed from the arm that start names."},
    {.key = "warm_start",
     .shape = Path{},
     .at = At<&ArmOptions::warm_start>(),
     .doc = "As the router's, for this arm, whose name must stand in the file.",
     .may_be_unset = true},
    {.key = "warm_start_strength",
     .shape = Number{0, 1e6},
     .at = At<&ArmOptions::warm_start_strength>(),
     .unit = "observations",
     .doc = "As the router's, for this arm, whichever file it starts from.",
     .may_be_unset = true},
    {.key = "owner",
     .shape = Choice{kOwnerNames},
     .at = At<&ArmOptions::owner>(),
     .doc = "Who may change the arm: the file, or the admin plane that made it.",
     .log_only = true},
};

constexpr Field<PriceChange> kPriceRows[] = {
    {.key = "from",
     .shape = Moment{},
     .at = At<&PriceChange::from_us>(),
     .doc = "When these list prices take the place of those before; later than the change before.",
     .required = true},
    {.key = "input_per_million_usd",
     .shape = kPrice,
     .at = At<&PriceChange::input_per_million_usd>(),
     .unit = kPriceUnit,
     .doc = "List price of input; one of the two is above 0.",
     .required = true},
    {.key = "output_per_million_usd",
     .shape = kPrice,
     .at = At<&PriceChange::output_per_million_usd>(),
     .unit = kPriceUnit,
     .doc = "List price of output.",
     .required = true},
};

}  // namespace

std::span<const Field<ArmOptions>> ArmFields() {
  return kArmRows;
}
std::span<const Field<PriceChange>> PriceFields() {
  return kPriceRows;
}

}  // namespace sluice::config
