// Slack's emoji shortcodes that people and apps use most, as Unicode.

const TABLE = `
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|no_entry ⛔|no_entry_sign 🚫
hourglass_flowing_sand ⏳|hourglass ⌛|alarm_clock ⏰|stopwatch ⏱️|timer_clock ⏲️|clock1 🕐|clock3 🕒|calendar 📆|date 📅
question ❓|grey_question ❔|exclamation ❗|heavy_exclamation_mark ❗|bangbang ‼️|warning ⚠️|rotating_light 🚨|bell 🔔|no_bell 🔕
loudspeaker 📢|mega 📣|eyes 👀|memo 📝|pencil 📝|pencil2 ✏️|lock 🔒|unlock 🔓|closed_lock_with_key 🔐|key 🔑|link 🔗|paperclip 📎
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|clap 👏|raised_hands 🙌|pray 🙏|wave 👋|ok_hand 👌|muscle 💪|point_right 👉|point_left 👈
point_up 👆|point_down 👇|hand ✋|raised_hand ✋|handshake 🤝|writing_hand ✍️
tada 🎉|fire 🔥|sparkles ✨|star ⭐|star2 🌟|boom 💥|zap ⚡|bulb 💡|rocket 🚀|heart ❤️|broken_heart 💔|100 💯|checkered_flag 🏁
triangular_flag_on_post 🚩|white_flag 🏳️|trophy 🏆|medal 🏅
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|large_purple_circle 🟣
white_circle ⚪|black_circle ⚫|large_red_square 🟥|large_orange_square 🟧|large_yellow_square 🟨|large_green_square 🟩|large_blue_square 🟦
white_large_square ⬜|black_large_square ⬛|small_red_triangle 🔺|small_orange_diamond 🔸|small_blue_diamond 🔹
email 📧|envelope ✉️|e-mail 📧|incoming_envelope 📨|inbox_tray 📥|outbox_tray 📤|mailbox 📫|package 📦|newspaper 📰|scroll 📜
speech_balloon 💬|left_speech_bubble 🗨️|thought_balloon 💭|phone ☎️|telephone_receiver 📞|iphone 📱|computer 💻|desktop_computer 🖥️
globe_with_meridians 🌐|earth_africa 🌍|earth_americas 🌎|satellite_antenna 📡|electric_plug 🔌|wrench 🔧|hammer_and_wrench 🛠️|gear ⚙️
shield 🛡️|mag 🔍|mag_right 🔎|microscope 🔬|bar_chart 📊|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|clipboard 📋|books 📚
file_folder 📁|open_file_folder 📂|page_facing_up 📄|pushpin 📌|round_pushpin 📍|bookmark 🔖|label 🏷️|ticket 🎫|receipt 🧾
arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrow_forward ▶️|leftwards_arrow_with_hook ↩️|repeat 🔁|arrows_counterclockwise 🔄
twisted_rightwards_arrows 🔀|rewind ⏪|fast_forward ⏩|double_vertical_bar ⏸️|black_square_for_stop ⏹️|heavy_plus_sign ➕|heavy_minus_sign ➖
information_source ℹ️|new 🆕|ok 🆗|sos 🆘|recycle ♻️|wastebasket 🗑️|construction 🚧|octagonal_sign 🛑|vertical_traffic_light 🚦|siren 🚨
smile 😄|smiley 😃|grinning 😀|slightly_smiling_face 🙂|joy 😂|wink 😉|blush 😊|thinking_face 🤔|sweat_smile 😅|sob 😭|cry 😢|scream 😱
sunglasses 😎|neutral_face 😐|confused 😕|worried 😟|face_with_rolling_eyes 🙄|partying_face 🥳|sleeping 😴|robot_face 🤖|ghost 👻|skull 💀
bust_in_silhouette 👤|busts_in_silhouette 👥|speaking_head_in_silhouette 🗣️|male-firefighter 👨‍🚒|firefighter 🧑‍🚒|fire_engine 🚒|ambulance 🚑
coffee ☕|pizza 🍕|beer 🍺|cake 🍰|sunny ☀️|cloud ☁️|rainbow 🌈|snowflake ❄️|turtle 🐢|snail 🐌|bug 🐛|bee 🐝|bird 🐦|elephant 🐘|butterfly 🦋
one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣|keycap_ten 🔟
`;

const EMOJI = new Map(
  TABLE.trim()
    .split(/[|\n]/)
    .map((entry) => {
      const space = entry.lastIndexOf(" ");
      return [entry.slice(0, space), entry.slice(space + 1)];
    }),
);

// A skin tone changes the look only, so `+1::skin-tone-3` shows as the plain hand.
export function findEmoji(shortcode) {
  return EMOJI.get(String(shortcode).split("::")[0]) ?? null;
}

export function emojiText(shortcode) {
  return findEmoji(shortcode) ?? `:${shortcode}:`;
}

export function replaceShortcodes(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, shortcode) => findEmoji(shortcode) ?? whole);
}

export const QUICK_REACTIONS = ["white_check_mark", "eyes", "x"];
export const MORE_REACTIONS = [
  "+1",
  "raised_hands",
  "tada",
  "question",
  "warning",
  "hourglass_flowing_sand",
  "memo",
  "fire",
  "heart",
  "rotating_light",
];
