// What differs between two definitions of a router, told from the table of fields.
#include <algorithm>
#include <utility>

#include "config/format.h"
#include "config/layout.h"

namespace sluice::config {

namespace {

Reach ReachOf(Effect effect) {
  switch (effect) {
    case Effect::kLive:
    case Effect::kRestart:  // no field of a router
      return Reach::kLive;
    case Effect::kRebuild:
      return Reach::kRebuild;
    case Effect::kNewRouter:
      break;
  }
  return Reach::kNewRouter;
}

// A router, or one owner of a [[table]] in it, as texts.
struct Outline {
  struct Field {
    std::string path;
    std::string text;  // empty: not set
    bool is_standard;
    Reach reach;
  };
  struct Group {
    std::string path;
    std::vector<Outline> owners;
    bool ordered;
  };

  std::string name;  // of the owner: what its first field says
  std::vector<Field> fields;
  std::vector<Group> groups;
};

// Walks the layout and writes an outline.
class Outliner {
 public:
  template <typename Owner>
  void Fields(std::span<const Field<Owner>> rows, const Owner& owner, const Owner& standard) {
    for (const Field<Owner>& row : rows) {
      const Value value = row.at.get(owner);
      const bool unset = row.may_be_unset && IsUnset(value);
      if (outline_.fields.empty()) outline_.name = NameOf(row.shape, value);
      outline_.fields.push_back({.path = JoinPath(path_, row.key),
                                 .text = unset ? "" : ToToml(row.shape, value),
                                 .is_standard = value == row.at.get(standard),
                                 .reach = ReachOf(row.effect)});
    }
  }

  template <typename Body>
  void Table(const config::Table& table, Body&& body) {
    const std::string outer = std::exchange(path_, JoinPath(path_, table.key));
    body();
    path_ = outer;
  }

  template <typename Owner, typename Body>
  void Tables(const config::Table& table, std::size_t, const std::vector<Owner>& owners,
              Body&& body) {
    Outline::Group group{
        .path = JoinPath(path_, table.key), .owners = {}, .ordered = table.ordered};
    Outline outer = std::exchange(outline_, {});
    const std::string outer_path = std::exchange(path_, "");
    for (const Owner& owner : owners) {
      body(owner);
      group.owners.push_back(std::exchange(outline_, {}));
    }
    path_ = outer_path;
    outline_ = std::move(outer);
    outline_.groups.push_back(std::move(group));
  }

  const Outline& outline() const { return outline_; }

 private:
  static std::string NameOf(const Shape& shape, const Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr ? *text : ToToml(shape, value);
  }

  Outline outline_;
  std::string path_;
};

// As an inline table, without what is as in a silent file.
std::string ToText(const Outline& owner) {
  std::string text;
  const auto add = [&](const std::string& key, const std::string& value) {
    text += (text.empty() ? "" : ", ") + key + " = " + value;
  };
  for (const Outline::Field& field : owner.fields) {
    if (!field.is_standard && !field.text.empty()) add(field.path, field.text);
  }
  for (const Outline::Group& group : owner.groups) {
    std::string inner;
    for (const Outline& one : group.owners) inner += (inner.empty() ? "" : ", ") + ToText(one);
    if (!inner.empty()) add(group.path, "[" + inner + "]");
  }
  return "{" + text + "}";
}

Reach WorstReach(const Outline& owner) {
  Reach worst = Reach::kLive;
  for (const Outline::Field& field : owner.fields) worst = std::max(worst, field.reach);
  for (const Outline::Group& group : owner.groups) {
    for (const Outline& one : group.owners) worst = std::max(worst, WorstReach(one));
  }
  return worst;
}

const Outline* Find(const std::vector<Outline>& owners, const std::string& name) {
  const auto found = std::ranges::find(owners, name, &Outline::name);
  return found == owners.end() ? nullptr : &*found;
}

class Comparer {
 public:
  // Both were walked along the same layout: fields and groups stand at the same places.
  void Compare(const Outline& now, const Outline& wanted, const std::string& path) {
    for (std::size_t i = 0; i < now.fields.size(); ++i) {
      const Outline::Field& was = now.fields[i];
      const Outline::Field& is = wanted.fields[i];
      if (was.text == is.text) continue;
      Add({.field = JoinPath(path, was.path), .from = was.text, .to = is.text, .reach = was.reach});
    }
    for (std::size_t i = 0; i < now.groups.size(); ++i) {
      CompareOwners(now.groups[i], wanted.groups[i].owners, JoinPath(path, now.groups[i].path));
    }
  }

  std::vector<Difference> differences() && { return std::move(differences_); }

 private:
  void CompareOwners(const Outline::Group& group, const std::vector<Outline>& wanted,
                     const std::string& path) {
    const std::vector<Outline>& now = group.owners;
    for (const Outline& was : now) {
      const std::string field = path + "[" + was.name + "]";
      if (const Outline* is = Find(wanted, was.name)) {
        Compare(was, *is, field);
      } else {
        Add({.field = field, .from = ToText(was), .to = "", .reach = WorstReach(was)});
      }
    }
    for (const Outline& is : wanted) {
      if (Find(now, is.name) != nullptr) continue;
      Add({.field = path + "[" + is.name + "]",
           .from = "",
           .to = ToText(is),
           .reach = WorstReach(is)});
    }
    if (now.empty()) return;
    // Owners of which not even one may be changed are laid out in their order.
    const Reach reach = WorstReach(now.front());
    if (group.ordered || reach == Reach::kNewRouter) CompareOrder(now, wanted, path, reach);
  }

  void CompareOrder(const std::vector<Outline>& now, const std::vector<Outline>& wanted,
                    const std::string& path, Reach reach) {
    const auto names = [](const std::vector<Outline>& owners, const std::vector<Outline>& others) {
      std::string text;
      for (const Outline& owner : owners) {
        if (Find(others, owner.name) == nullptr) continue;
        text += (text.empty() ? "" : ", ") + owner.name;
      }
      return text;
    };
    const std::string from = names(now, wanted);
    const std::string to = names(wanted, now);
    if (from != to) Add({.field = path, .from = from, .to = to, .reach = reach});
  }

  void Add(Difference difference) { differences_.push_back(std::move(difference)); }

  std::vector<Difference> differences_;
};

}  // namespace

std::vector<Difference> RouterDifferences(const RouterOptions& now, const RouterOptions& wanted) {
  Outliner was;
  WalkRouter(was, now);
  Outliner is;
  WalkRouter(is, wanted);
  Comparer comparer;
  comparer.Compare(was.outline(), is.outline(), "");
  return std::move(comparer).differences();
}

}  // namespace sluice::config
