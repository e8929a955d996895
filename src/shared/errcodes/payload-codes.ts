import type { ClassedErrcode } from './entry.ts';

/**
 * The message itself is at fault: the same content would be refused again, whoever gets it.
 * Codes of tools and of typing states are here too, since repeating them is as useless.
 */
export const PAYLOAD_CODES: readonly ClassedErrcode[] = [
  {
    code: 40004,
    confidence: 'documented',
    meaning: { en: 'The type of the media is not allowed.', zh: '媒体文件类型不合法。' },
    advice: {
      en: 'Upload a file within WeChat’s limits, then send a new message.',
      zh: '请上传符合微信限制的文件，再发送新的消息。',
    },
  },
  {
    code: 40005,
    confidence: 'documented',
    meaning: { en: 'The type of the file is not allowed.', zh: '文件类型不合法。' },
    advice: {
      en: 'Upload a file within WeChat’s limits, then send a new message.',
      zh: '请上传符合微信限制的文件，再发送新的消息。',
    },
  },
  {
    code: 40006,
    confidence: 'documented',
    meaning: { en: 'The size of the file is not allowed.', zh: '文件大小不合法。' },
    advice: {
      en: 'Upload a file within WeChat’s limits, then send a new message.',
      zh: '请上传符合微信限制的文件，再发送新的消息。',
    },
  },
  {
    code: 40007,
    confidence: 'documented',
    meaning: {
      en: 'The media_id is not valid; temporary media expire after three days.',
      zh: 'media_id 无效；临时素材三天后过期。',
    },
    advice: {
      en: 'Upload the media again and send a new message with the new media_id.',
      zh: '请重新上传素材，用新的 media_id 发送新的消息。',
    },
  },
  {
    code: 40008,
    confidence: 'documented',
    meaning: { en: 'The type of the message is not valid.', zh: '消息类型不合法。' },
    advice: { en: 'Correct the msgtype.', zh: '请更正 msgtype。' },
  },
  {
    code: 40009,
    confidence: 'documented',
    meaning: { en: 'The image is too large.', zh: '图片大小不合法。' },
    advice: {
      en: 'Upload a file within WeChat’s limits, then send a new message.',
      zh: '请上传符合微信限制的文件，再发送新的消息。',
    },
  },
  {
    code: 40010,
    confidence: 'documented',
    meaning: { en: 'The voice recording is too large.', zh: '语音大小不合法。' },
    advice: {
      en: 'Upload a file within WeChat’s limits, then send a new message.',
      zh: '请上传符合微信限制的文件，再发送新的消息。',
    },
  },
  {
    code: 40011,
    confidence: 'documented',
    meaning: { en: 'The video is too large.', zh: '视频大小不合法。' },
    advice: {
      en: 'Upload a file within WeChat’s limits, then send a new message.',
      zh: '请上传符合微信限制的文件，再发送新的消息。',
    },
  },
  {
    code: 40012,
    confidence: 'documented',
    meaning: { en: 'The thumbnail is too large.', zh: '缩略图大小不合法。' },
    advice: {
      en: 'Upload a file within WeChat’s limits, then send a new message.',
      zh: '请上传符合微信限制的文件，再发送新的消息。',
    },
  },
  {
    code: 40013,
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: {
      en: 'An appid is not valid: in a message that of the mini program, at the token endpoint the account’s own.',
      zh: 'appid 无效：在消息中指小程序的 appid，由获取 token 的接口返回时指公众号自身的 appid。',
    },
    advice: {
      en: 'Correct the mini program’s appid in the message; at the token endpoint the appId in the accounts file.',
      zh: '请更正消息中小程序的 appid；若由获取 token 的接口返回，请更正账号文件中的 appId。',
    },
  },
  {
    code: 40033,
    confidence: 'documented',
    meaning: {
      en: 'The body has \\uXXXX escapes, which WeChat does not read.',
      zh: '请求内容含有 \\uXXXX 格式的字符，微信无法识别。',
    },
    advice: {
      en: 'Send plain UTF-8: look for a proxy that escapes the text.',
      zh: '请直接发送 UTF-8 文本，并检查是否有代理对内容做了转义。',
    },
  },
  {
    code: 40035,
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: { en: 'A parameter is not valid.', zh: '参数不合法。' },
    advice: {
      en: 'Compare the message with WeChat’s page on this API.',
      zh: '请对照微信官方文档检查消息内容。',
    },
  },
  {
    code: 40036,
    confidence: 'documented',
    meaning: { en: 'The template_id has the wrong length.', zh: 'template_id 长度不合法。' },
    advice: {
      en: 'Copy the whole template_id from the MP console.',
      zh: '请从公众平台后台完整复制模板 ID。',
    },
  },
  {
    code: 40038,
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: { en: 'The format of the request is not valid.', zh: '请求格式不合法。' },
    advice: {
      en: 'Compare the message with WeChat’s page on this API.',
      zh: '请对照微信官方文档检查消息格式。',
    },
  },
  {
    code: 40039,
    confidence: 'documented',
    meaning: { en: 'The url is too long or has a wrong length.', zh: 'URL 长度不合法。' },
    advice: { en: 'Shorten the url.', zh: '请缩短 URL。' },
  },
  {
    code: 40048,
    confidence: 'documented',
    meaning: {
      en: 'The url is not valid; its domain may not be allowed.',
      zh: 'url 无效，域名可能不被允许。',
    },
    advice: {
      en: 'Use a complete https address of a domain that WeChat does not block.',
      zh: '请使用完整的 https 地址，并确认域名未被微信限制。',
    },
  },
  {
    code: 40062,
    confidence: 'documented',
    meaning: { en: 'The title has a wrong length.', zh: '标题长度不合法。' },
    advice: {
      en: 'Shorten the title (15 characters for one-time subscriptions).',
      zh: '请缩短标题（一次性订阅消息不超过 15 个字）。',
    },
  },
  {
    code: 40066,
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: {
      en: 'The url, or the path of the API, is not valid.',
      zh: 'url 无效，或接口路径错误。',
    },
    advice: {
      en: 'Check the url in the message; if all messages fail, check apiBase in the accounts file.',
      zh: '请检查消息中的 url；若所有消息都失败，请检查账号文件中的 apiBase。',
    },
  },
  {
    code: 40101,
    confidence: 'reported',
    meaning: { en: 'A required parameter is missing.', zh: '缺少必填参数。' },
    advice: {
      en: 'Compare the message with WeChat’s page on this API.',
      zh: '请对照微信官方文档补全参数。',
    },
  },
  {
    code: 40118,
    confidence: 'documented',
    meaning: { en: 'The media_id has a wrong length.', zh: 'media_id 长度不合法。' },
    advice: {
      en: 'Pass on the media_id exactly as the upload returned it.',
      zh: '请原样使用上传接口返回的 media_id。',
    },
  },
  {
    code: 40121,
    confidence: 'documented',
    meaning: { en: 'The media_id is of another type of media.', zh: 'media_id 类型不合法。' },
    advice: {
      en: 'Use a media_id of the type that the message names.',
      zh: '请使用与消息类型一致的 media_id。',
    },
  },
  {
    code: 40137,
    confidence: 'documented',
    meaning: { en: 'The format of the image is not supported.', zh: '不支持的图片格式。' },
    advice: {
      en: 'Upload a file within WeChat’s limits, then send a new message.',
      zh: '请上传符合微信限制的文件，再发送新的消息。',
    },
  },
  {
    code: 40155,
    confidence: 'documented',
    meaning: {
      en: 'The message links to another account’s home page.',
      zh: '消息中含有其他公众号的主页链接。',
    },
    advice: { en: 'Remove that link.', zh: '请删除该链接。' },
  },
  {
    code: 40163,
    confidence: 'documented',
    meaning: {
      en: 'The OAuth code was used before; it has nothing to do with messages.',
      zh: 'oauth code 已被使用；与消息发送无关。',
    },
    advice: {
      en: 'Look for a caller that mixes up OAuth and message requests.',
      zh: '请检查调用方是否混淆了网页授权与消息发送的请求。',
    },
  },
  {
    code: 40165,
    confidence: 'sdk',
    meaning: {
      en: 'The path of the mini program’s page is not valid.',
      zh: '小程序页面路径无效。',
    },
    advice: {
      en: 'Use the path of a page that the published mini program has.',
      zh: '请使用已发布小程序中存在的页面路径。',
    },
  },
  {
    code: 40166,
    confidence: 'sdk',
    meaning: { en: 'There is no mini program with this appid.', zh: '该 appid 的小程序不存在。' },
    advice: {
      en: 'Correct the appid, and link the mini program with the account.',
      zh: '请更正 appid，并将该小程序与公众号关联。',
    },
  },
  {
    code: 40246,
    confidence: 'documented',
    meaning: {
      en: 'The keywords chosen for a new template are not valid.',
      zh: '添加模板时所选关键词不合法。',
    },
    advice: {
      en: 'Choose keywords that the template library offers.',
      zh: '请选择模板库中提供的关键词。',
    },
  },
  {
    code: 40247,
    confidence: 'documented',
    meaning: {
      en: 'New templates must come from the category library.',
      zh: '只能从类目模板库中添加模板。',
    },
    advice: {
      en: 'Choose a template of the account’s category.',
      zh: '请从所属类目的模板库中选用模板。',
    },
  },
  {
    code: 40249,
    confidence: 'documented',
    meaning: {
      en: 'WeChat blocked the content as advertising or illegal.',
      zh: '内容涉及营销或违规，已被拦截。',
    },
    advice: {
      en: 'Reword it without advertising; repeated blocks can cost the template.',
      zh: '请修改措辞，去掉营销内容；反复触发可能导致模板被封禁。',
    },
  },
  {
    code: 41006,
    confidence: 'documented',
    meaning: { en: 'The media_id is missing.', zh: '缺少 media_id 参数。' },
    advice: { en: 'Add the media_id.', zh: '请补上 media_id。' },
  },
  {
    code: 41009,
    confidence: 'documented',
    meaning: { en: 'The openid is missing.', zh: '缺少 openid 参数。' },
    advice: { en: 'Add the recipient as touser.', zh: '请在 touser 中填写接收者的 openid。' },
  },
  {
    code: 41028,
    confidence: 'documented',
    meaning: { en: 'The form_id is wrong or has expired.', zh: 'form_id 不正确或已过期。' },
    advice: { en: 'Use subscription messages instead.', zh: '请改用订阅消息。' },
  },
  {
    code: 41029,
    confidence: 'documented',
    meaning: { en: 'The form_id was used before.', zh: 'form_id 已被使用。' },
    advice: { en: 'Use subscription messages instead.', zh: '请改用订阅消息。' },
  },
  {
    code: 41030,
    confidence: 'documented',
    meaning: { en: 'The page is not valid.', zh: 'page 路径不正确。' },
    advice: {
      en: 'Use the path of a page that the published mini program has.',
      zh: '请使用已发布小程序中存在的页面路径。',
    },
  },
  {
    code: 43001,
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: { en: 'The request must be a GET.', zh: '需要使用 GET 请求。' },
    advice: {
      en: 'No message can cause this: look for a proxy that changes requests, and tell us.',
      zh: '消息内容不会导致此错误：请检查是否有代理改动了请求，并告知我们。',
    },
  },
  {
    code: 43002,
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: { en: 'The request must be a POST.', zh: '需要使用 POST 请求。' },
    advice: {
      en: 'No message can cause this: look for a proxy that changes requests, and tell us.',
      zh: '消息内容不会导致此错误：请检查是否有代理改动了请求，并告知我们。',
    },
  },
  {
    code: 43003,
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: { en: 'The request must use HTTPS.', zh: '需要使用 HTTPS 请求。' },
    advice: {
      en: 'Set apiBase to an https:// address.',
      zh: '请把 apiBase 设置为 https:// 地址。',
    },
  },
  {
    code: 44001,
    confidence: 'documented',
    meaning: { en: 'The media file is empty.', zh: '多媒体文件为空。' },
    advice: {
      en: 'Upload a file within WeChat’s limits, then send a new message.',
      zh: '请上传符合微信限制的文件，再发送新的消息。',
    },
  },
  {
    code: 44002,
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: { en: 'The body of the request arrived empty.', zh: 'POST 的数据包为空。' },
    advice: { en: 'Look for a proxy that drops the body.', zh: '请检查是否有代理丢弃了请求体。' },
  },
  {
    code: 44003,
    confidence: 'documented',
    meaning: { en: 'The article message is empty.', zh: '图文消息内容为空。' },
    advice: { en: 'Add an article.', zh: '请填写图文内容。' },
  },
  {
    code: 44004,
    confidence: 'documented',
    meaning: { en: 'The text message is empty.', zh: '文本消息内容为空。' },
    advice: { en: 'Add a text.', zh: '请填写文本内容。' },
  },
  {
    code: 45001,
    confidence: 'documented',
    meaning: { en: 'The media file is larger than allowed.', zh: '多媒体文件大小超过限制。' },
    advice: {
      en: 'Upload a file within WeChat’s limits, then send a new message.',
      zh: '请上传符合微信限制的文件，再发送新的消息。',
    },
  },
  {
    code: 45002,
    confidence: 'documented',
    meaning: {
      en: 'The content is longer than allowed (about 2048 bytes of text).',
      zh: '消息内容超过限制（文本约 2048 字节）。',
    },
    advice: {
      en: 'Shorten the text or split it into several messages.',
      zh: '请缩短文本，或拆成多条消息。',
    },
  },
  {
    code: 45003,
    confidence: 'documented',
    meaning: { en: 'The title is longer than allowed.', zh: '标题长度超过限制。' },
    advice: { en: 'Shorten the title.', zh: '请缩短标题。' },
  },
  {
    code: 45004,
    confidence: 'documented',
    meaning: { en: 'The description is longer than allowed.', zh: '描述长度超过限制。' },
    advice: { en: 'Shorten the description.', zh: '请缩短描述。' },
  },
  {
    code: 45005,
    confidence: 'documented',
    meaning: { en: 'The link is longer than allowed.', zh: '链接长度超过限制。' },
    advice: { en: 'Shorten the url.', zh: '请缩短链接。' },
  },
  {
    code: 45006,
    confidence: 'documented',
    meaning: { en: 'The picture’s link is longer than allowed.', zh: '图片链接长度超过限制。' },
    advice: { en: 'Shorten the picurl.', zh: '请缩短图片链接。' },
  },
  {
    code: 45007,
    confidence: 'documented',
    meaning: { en: 'The voice recording is longer than allowed.', zh: '语音播放时间超过限制。' },
    advice: { en: 'Shorten the recording (60 seconds).', zh: '请缩短语音（不超过 60 秒）。' },
  },
  {
    code: 45008,
    confidence: 'documented',
    meaning: {
      en: 'More than one article in a news message.',
      zh: '图文消息超过限制（客服消息只能有 1 篇）。',
    },
    advice: { en: 'Send exactly one article.', zh: '请只发送 1 篇图文。' },
  },
  {
    code: 45067,
    confidence: 'documented',
    meaning: { en: 'The clientmsgid is too long.', zh: 'clientmsgid 长度超过限制。' },
    advice: {
      en: 'Shorten it; 32 characters are safe.',
      zh: '请缩短 clientmsgid，不超过 32 个字符较为稳妥。',
    },
  },
  {
    code: 45072,
    confidence: 'documented',
    meaning: {
      en: 'The command of a typing state is not valid.',
      zh: '输入状态的 command 不合法。',
    },
    advice: { en: 'Use Typing or CancelTyping.', zh: '请使用 Typing 或 CancelTyping。' },
  },
  {
    code: 45080,
    confidence: 'documented',
    meaning: {
      en: 'A typing state needs a message to or from the user within the last 30 seconds.',
      zh: '下发输入状态需要 30 秒内与用户有过消息往来。',
    },
    advice: {
      en: 'Nothing: a typing state is not worth repeating.',
      zh: '无需处理：输入状态没有必要重发。',
    },
  },
  {
    code: 45081,
    confidence: 'documented',
    meaning: { en: 'The typing state is shown already.', zh: '已处于输入状态，不能重复下发。' },
    advice: {
      en: 'Nothing: a typing state is not worth repeating.',
      zh: '无需处理：输入状态没有必要重发。',
    },
  },
  {
    code: 45083,
    confidence: 'sdk',
    meaning: { en: 'The speed of a mass-send is out of range.', zh: '群发速度参数不合法。' },
    advice: {
      en: 'Not a call of ours: correct it where the mass-send is started.',
      zh: '并非本服务的调用：请在发起群发的系统中更正。',
    },
  },
  {
    code: 45084,
    confidence: 'sdk',
    meaning: { en: 'The speed of a mass-send is missing.', zh: '未设置群发速度参数。' },
    advice: {
      en: 'Not a call of ours: correct it where the mass-send is started.',
      zh: '并非本服务的调用：请在发起群发的系统中更正。',
    },
  },
  {
    code: 45166,
    confidence: 'sdk',
    meaning: { en: 'The content is not valid.', zh: '消息内容不合法。' },
    advice: {
      en: 'Remove unusual characters and links, then send it anew.',
      zh: '请去掉特殊字符和链接后重新发送。',
    },
  },
  {
    code: 45168,
    confidence: 'documented',
    meaning: { en: 'The content has sensitive words.', zh: '内容含有敏感词。' },
    advice: { en: 'Reword it.', zh: '请修改措辞。' },
  },
  {
    code: 46001,
    confidence: 'documented',
    meaning: { en: 'The media data does not exist.', zh: '不存在该媒体数据。' },
    advice: {
      en: 'Upload the media again and send a new message.',
      zh: '请重新上传素材，再发送新的消息。',
    },
  },
  {
    code: 47001,
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: { en: 'WeChat could not parse the body as JSON.', zh: '解析 JSON/XML 内容错误。' },
    advice: {
      en: 'Look for a proxy that changes the body; send the message anew.',
      zh: '请检查是否有代理改动了请求体，然后重新发送。',
    },
  },
  {
    code: 47003,
    confidence: 'documented',
    meaning: {
      en: 'A value does not fit its template variable; the errmsg names the variable.',
      zh: '模板参数不符合变量类型要求；errmsg 中会指明具体变量。',
    },
    advice: {
      en: 'Correct that value: thing up to 20 characters, character_string without Chinese, const only approved words.',
      zh: '请更正对应的值：thing 不超过 20 个字符，character_string 不能含中文，const 只能用审核通过的词。',
    },
  },
  {
    code: 61451,
    confidence: 'documented',
    meaning: { en: 'A customer-service parameter is not valid.', zh: '客服参数错误。' },
    advice: { en: 'Correct customservice in the message.', zh: '请更正消息中的 customservice。' },
  },
  {
    code: 61452,
    confidence: 'documented',
    meaning: { en: 'There is no such customer-service agent.', zh: '客服账号无效。' },
    advice: {
      en: 'Use a kf_account in the form name@account that exists.',
      zh: '请使用已存在的客服账号，格式为“账号前缀@公众号微信号”。',
    },
  },
  {
    code: 76001,
    confidence: 'documented',
    meaning: { en: 'The rid is missing.', zh: '缺少 rid。' },
    advice: {
      en: 'Only a tool meets this: correct its call.',
      zh: '只有排查工具会遇到：请更正其调用参数。',
    },
  },
  {
    code: 76002,
    confidence: 'documented',
    meaning: { en: 'The rid is malformed.', zh: 'rid 格式错误。' },
    advice: {
      en: 'Only a tool meets this: correct its call.',
      zh: '只有排查工具会遇到：请更正其调用参数。',
    },
  },
  {
    code: 76003,
    confidence: 'documented',
    meaning: { en: 'The rid belongs to another account.', zh: 'rid 不属于当前账号。' },
    advice: {
      en: 'Query it with the account that made the call.',
      zh: '请用发起该调用的账号查询。',
    },
  },
  {
    code: 76004,
    confidence: 'documented',
    meaning: { en: 'The rid is older than seven days.', zh: 'rid 已超过 7 天。' },
    advice: {
      en: 'WeChat no longer knows it; use a newer one.',
      zh: '微信已不再保留该记录，请使用较新的 rid。',
    },
  },
  {
    code: 76021,
    confidence: 'documented',
    meaning: { en: 'The cgi_path is unknown.', zh: 'cgi_path 不存在。' },
    advice: {
      en: 'Write it like /cgi-bin/message/custom/send, without host and query.',
      zh: '请写成 /cgi-bin/message/custom/send 的形式，不带域名和参数。',
    },
  },
  {
    code: 76022,
    confidence: 'documented',
    meaning: {
      en: 'The cgi_path may not be queried with this token.',
      zh: '当前 token 无权查询该 cgi_path。',
    },
    advice: {
      en: 'Query it with the token of an account that has this API.',
      zh: '请使用拥有该接口权限的账号的 token 查询。',
    },
  },
  {
    code: 87009,
    confidence: 'sdk',
    meaning: { en: 'A signature in the request is not valid.', zh: '签名无效。' },
    advice: { en: 'Correct the signed part of the message.', zh: '请更正消息中签名的部分。' },
  },
  {
    code: 87014,
    confidence: 'sdk',
    meaning: { en: 'The content is risky.', zh: '内容含有违法违规信息。' },
    advice: { en: 'Reword it.', zh: '请修改内容。' },
  },
  {
    code: 9001001,
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: { en: 'The data of the POST is not valid.', zh: 'POST 数据参数不合法。' },
    advice: {
      en: 'Compare the message with WeChat’s page on this API.',
      zh: '请对照微信官方文档检查消息内容。',
    },
  },
];
