//! Test ids of the page that the window's tests and the demo lean on. The page's README lists all.

/// The address field of the sign-in screen.
pub const SIGN_IN_ADDRESS: &str = "sign-in-address";
/// The login field of the sign-in screen.
pub const SIGN_IN_LOGIN: &str = "sign-in-login";
/// The password field of the sign-in screen.
pub const SIGN_IN_PASSWORD: &str = "sign-in-password";
/// The button of the sign-in screen.
pub const SIGN_IN_SUBMIT: &str = "sign-in-submit";
/// Why the sign-in did not succeed.
pub const SIGN_IN_ERROR: &str = "sign-in-error";
/// A chat in a list; `data-status` tells its status.
pub const CHAT_ROW: &str = "chat-row";
/// The number of unread messages of a chat, in its row.
pub const ROW_UNREAD: &str = "row-unread";
/// Who else is at a chat, in its row.
pub const ROW_ONLOOKERS: &str = "row-onlookers";
/// Who else is at the open chat.
pub const ONLOOKERS: &str = "onlookers";
/// My own picture; `data-presence` tells what colleagues see of me.
pub const OWN_PRESENCE: &str = "own-presence";
/// Says that I am away.
pub const OWN_AWAY: &str = "own-away";
/// Says that I am back.
pub const OWN_HERE: &str = "own-here";
/// The number of chats in the queue.
pub const COUNT_QUEUED: &str = "group-count-queued";
/// That clients of one's own chats wait, and how many.
pub const WAITING_IN_WORK: &str = "group-waiting-in_work";
/// The bar that tells that there is no connection.
pub const CONNECTION_BAR: &str = "connection-bar";
/// Where a reply is written.
pub const COMPOSER: &str = "composer";
/// What another device has for the composer, while the caret is in it.
pub const ELSEWHERE: &str = "elsewhere";
/// Takes it.
pub const ELSEWHERE_TAKE: &str = "elsewhere-take";
/// Sends what is written.
pub const SEND: &str = "send";
/// How far a message got; `data-state` tells it.
pub const TICK: &str = "entry-ticks";
/// A line of the history; `data-kind` tells whose.
pub const ENTRY: &str = "entry";
/// The way to the newest messages, with the number of new ones; there while one reads above.
pub const TO_END: &str = "to-end";
/// A reply that waits for the backend.
pub const ECHO: &str = "echo";
/// Why a command was refused.
pub const HELD: &str = "held";
/// Throws the text away that was refused.
pub const HELD_DISCARD: &str = "held-action-discard";
/// The same for a text whose chat is no longer seen.
pub const SHELL_ROW: &str = "shell-row";
/// Back from a chat to the lists, where there is room for one of them.
pub const BACK: &str = "back";
/// Who the open chat is with.
pub const CONVERSATION_TITLE: &str = "conversation-title";
/// Turns the composer to hidden comments and back.
pub const COMMENT_TOGGLE: &str = "comment-toggle";
/// Colleagues to be mentioned.
pub const MENTION_LIST: &str = "mention-list";
/// What can be done with the open chat.
pub const MENU: &str = "menu";
/// Hands the open chat on.
pub const MENU_TRANSFER: &str = "menu-transfer";
/// Whom to look for.
pub const TRANSFER_SEARCH: &str = "transfer-search";
/// The hidden comment that goes with a transfer.
pub const TRANSFER_NOTE: &str = "transfer-note";
/// Transfers.
pub const TRANSFER_SUBMIT: &str = "transfer-submit";
/// What waits so that it can be taken back.
pub const PENDING: &str = "pending";
/// Takes it back.
pub const PENDING_UNDO: &str = "pending-undo";
/// The way to the lists of chats.
pub const RAIL_CHATS: &str = "rail-chats";
/// The way to the archive.
pub const RAIL_ARCHIVE: &str = "rail-archive";
/// What to look for in the archive.
pub const ARCHIVE_SEARCH: &str = "archive-search";
/// A chat that was found in the archive.
pub const ARCHIVE_ROW: &str = "archive-row";
/// A chat of the archive, open for reading.
pub const ARCHIVED: &str = "archived";
/// Says that no answer is needed.
pub const MENU_NO_ANSWER: &str = "menu-no-answer";
/// Closes the open chat.
pub const MENU_CLOSE: &str = "menu-close";
/// The client's card.
pub const CARD: &str = "card";
/// Shows the card and puts it away.
pub const CARD_TOGGLE: &str = "card-toggle";
/// Gives a queued chat to somebody.
pub const MENU_ASSIGN: &str = "menu-assign";
/// Sets who observes the open chat.
pub const MENU_OBSERVERS: &str = "menu-observers";
/// Whom to look for among them.
pub const OBSERVERS_SEARCH: &str = "observers-search";
/// Sets who observes.
pub const OBSERVERS_SUBMIT: &str = "observers-submit";
/// Narrows the lists.
pub const FILTER: &str = "filter";
/// A message that was found.
pub const FOUND_ENTRY: &str = "found-entry";
/// A finished conversation that was found by its client.
pub const FOUND_CHAT: &str = "found-chat";
/// Opens the filters of the search.
pub const SEARCH_FILTERS_TOGGLE: &str = "search-filters-toggle";
/// The settings.
pub const SETTINGS: &str = "settings";
/// Opens the list of what was announced.
pub const BELL: &str = "bell";
/// The list of what was announced.
pub const ANNOUNCED: &str = "announced";
/// Whether the panel starts with the session.
pub const DESKTOP_AUTOSTART: &str = "desktop-autostart";
/// Whether the window stands at the screen's edge.
pub const DESKTOP_DOCKED: &str = "desktop-docked";
/// That closing the window ends the panel.
pub const DESKTOP_NO_TRAY: &str = "desktop-no-tray";
/// Sets the system-wide key that shows the window.
pub const KEY_RAISE_SET: &str = "key-raise-set";
/// Takes the keys that are pressed as that key.
pub const KEY_RAISE_LISTENS: &str = "key-raise-listens";
/// Which keys it is.
pub const KEY_RAISE_VALUE: &str = "key-raise-value";
/// What is wrong with them.
pub const KEY_RAISE_TROUBLE: &str = "key-raise-trouble";
/// Sets the system-wide key that opens whoever has waited longest.
pub const KEY_OLDEST_SET: &str = "key-oldest-set";
/// Takes the keys that are pressed as that key.
pub const KEY_OLDEST_LISTENS: &str = "key-oldest-listens";
/// Which keys it is.
pub const KEY_OLDEST_VALUE: &str = "key-oldest-value";
/// Asks what closing the window means.
pub const CLOSE_ASK: &str = "close-ask";
/// Says that the panel stays in the tray.
pub const CLOSE_TRAY: &str = "close-tray";
/// A short message.
pub const TOAST: &str = "toast";
/// Ends the session, in the settings.
pub const SIGN_OUT: &str = "settings-sign-out";
/// The way from there to setting the keys.
pub const SHORTCUTS_CHANGE: &str = "shortcuts-change";
/// Setting the keys.
pub const KEYS: &str = "keys";
/// The palette of commands, chats and clients.
pub const PALETTE: &str = "palette";
/// Where one types what is wanted of it.
pub const PALETTE_FIELD: &str = "palette-field";
/// The list of shortcuts.
pub const SHORTCUTS: &str = "shortcuts";
/// The way to the supervisor's view.
pub const RAIL_SUPERVISION: &str = "rail-supervision";
/// How many clients wait too long, beside it.
pub const RAIL_LATE: &str = "rail-late";
/// A chat in the list of everybody's chats.
pub const OVERSEEN_ROW: &str = "overseen-row";
/// The tab of the supervisor's view with everybody's chats.
pub const TAB_CHATS: &str = "tab-chats";
/// Its tab with the people.
pub const TAB_PEOPLE: &str = "tab-people";
/// Its tab with the figures.
pub const TAB_FIGURES: &str = "tab-figures";
/// The page of figures.
pub const FIGURES: &str = "figures";
/// Which days they are to be of.
pub const FIGURES_PERIOD: &str = "figures-period";
/// For which days they are.
pub const FIGURES_SHOWN: &str = "figures-shown";
/// How many talks clients have begun.
pub const FIGURES_ARRIVALS: &str = "figures-arrivals";
/// How quickly they were answered first.
pub const FIGURES_FIRST: &str = "figures-first";
/// How quickly they were answered later.
pub const FIGURES_NEXT: &str = "figures-next";
/// How many chats were closed.
pub const FIGURES_CLOSED: &str = "figures-closed";
/// Counts again.
pub const FIGURES_REFRESH: &str = "figures-refresh";
/// The days as a table in the place of charts, and back.
pub const FIGURES_DAYS_TOGGLE: &str = "figures-days-toggle";
/// The days as a table.
pub const FIGURES_DAYS_TABLE: &str = "figures-days-table";
/// The operators as a table.
pub const FIGURES_PEOPLE_TABLE: &str = "figures-people-table";
/// How the figures are counted.
pub const FIGURES_HOW: &str = "figures-how";
/// The management, in the rail.
pub const RAIL_MANAGEMENT: &str = "rail-management";
/// The section of ready answers.
pub const SECTION_ANSWERS: &str = "section-answers";
/// Adds a ready answer.
pub const ANSWERS_ADD: &str = "answers-add";
/// Takes the file of a table.
pub const ANSWERS_FILE: &str = "answers-file";
/// A ready answer in the management.
pub const ANSWER_ROW: &str = "answer-row";
/// Deletes it.
pub const ANSWER_DELETE: &str = "answer-delete";
/// The shortcut of a ready answer that is written.
pub const ANSWER_SHORTCUT: &str = "answer-shortcut";
/// Its text.
pub const ANSWER_TEXT: &str = "answer-text";
/// Saves it.
pub const ANSWER_SAVE: &str = "answer-save";
/// The lines of a table before it is taken.
pub const IMPORT_LINES: &str = "import-lines";
/// Takes the table.
pub const IMPORT_SUBMIT: &str = "import-submit";
/// The ready answers that are found while one writes.
pub const ANSWERS: &str = "answers";
/// One of them.
pub const ANSWER: &str = "answer";
/// What the chosen one would say.
pub const ANSWER_PREVIEW: &str = "answer-preview";
/// What can be done about what a toast tells.
pub const TOAST_ACTION: &str = "toast-action";
/// The section of links to the company.
pub const SECTION_LINK: &str = "section-link";
/// The link.
pub const LINK: &str = "link";
/// The number that clients write to, as it is typed.
pub const LINK_NUMBER: &str = "link-number";
/// Saves it.
pub const LINK_NUMBER_SAVE: &str = "link-number-save";
/// Lets another number be typed.
pub const LINK_NUMBER_CHANGE: &str = "link-number-change";
/// The text that stands in it.
pub const LINK_TEXT: &str = "link-text";
/// Its QR code.
pub const QR: &str = "qr";
/// Adds an operator.
pub const OPERATOR_ADD: &str = "operator-add";
/// A new operator's login.
pub const OPERATOR_LOGIN: &str = "operator-login";
/// An operator's name.
pub const OPERATOR_NAME: &str = "operator-name";
/// Saves what is said of an operator.
pub const OPERATOR_SAVE: &str = "operator-save";
/// A password that is shown once.
pub const OPERATOR_PASSWORD: &str = "operator-password";
/// Closes what shows it.
pub const OPERATOR_DONE: &str = "operator-done";
/// An operator in the management.
pub const OPERATOR_ROW: &str = "operator-row";
