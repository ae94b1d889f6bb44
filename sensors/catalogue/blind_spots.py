"""What each rule cannot see: where its silence, or its word, must not be taken for more than it is."""

from collections.abc import Mapping
from types import MappingProxyType

from sensors.catalogue.model import both
from sensors.topology import Name

BLIND_SPOTS: Mapping[str, Name] = MappingProxyType(
    {
        "S01": both(
            "只看得到传感器看得到的人:坐着不动的人可能被红外漏掉;不知道人为什么不在,登记的请假除外。",
            "Sees people as its sensors do: someone who sits still may escape a motion sensor. It does not know why "
            "nobody came, unless the absence was written down.",
        ),
        "S02": both(
            "只知道有没有人,不知道做什么;一个人和十个人同样算作有人。",
            "Knows that somebody was there, not what for; one person counts like ten.",
        ),
        "S03": both(
            "可预订时间按工作时间计;不知道会议开了没有,只知道有没有人。",
            "Takes working hours for bookable hours; knows that somebody was there, not that there was a meeting.",
        ),
        "S04": both(
            "没有导入的预订看不到;别人占用了房间,也算作有人到场。",
            "Knows no booking that was not imported; anybody in the room counts as those who booked it.",
        ),
        "S05": both(
            "人数取传感器所报,同时进出时会漏数;不知道房间为何要大。",
            "Takes the head count as the sensor gives it, which misses people who pass together; does not know why a "
            "room has to be large.",
        ),
        "S06": both(
            "没有传感器的房间使结果只是一个范围;来访者与本楼人员分不开。",
            "Rooms without a sensor leave it with a range; cannot tell visitors from staff.",
        ),
        "S07": both(
            "只看登记:面积、职级或使用人登记有误,结论随之有误;标准以外的批准须登记。",
            "Reads the registry alone: an area, rank or holder that is wrong there makes the verdict wrong; an "
            "approval counts only once it is written down.",
        ),
        "S08": both(
            "只看登记的离任日期;没有登记离任的人看不到,实际已搬空而未改登记的仍会列出。",
            "Reads the date of leaving as registered: misses who was never marked as gone, and still lists a room that "
            "was emptied but not handed over on paper.",
        ),
        "S09": both(
            "只看证件有没有登记,不核对证件内容。",
            "Looks whether papers are registered, not what they say.",
        ),
        "S10": both(
            "只看登记的标记;没有登记的出租、出借看不到。",
            "Reads the registry's marks; what was let or lent and not registered stays unseen.",
        ),
        "E01": both(
            "一年才有一个数;用途、人数、运行时间的变化不作修正。",
            "One figure a year; makes no allowance for a change of use, people or hours.",
        ),
        "E02": both(
            "同类之间的差别(人数、时间、机房)不作修正;只能与本系统中的建筑比。",
            "Makes no allowance for what sets peers apart, such as people, hours or servers, and knows only the "
            "buildings registered here.",
        ),
        "E03": both(
            "不知道夜里是什么在用电;有理由的夜班若不登记为常开,与浪费分不开。",
            "Does not know what runs at night; a night shift with good reason looks like waste unless its circuit is "
            "marked always on.",
        ),
        "E04": both(
            "没有去年同季读数就不判;去年已经偏高的看不到。",
            "Silent without readings of the same season last year, and blind to what was already high then.",
        ),
        "E05": both(
            "待机功率取自己夜间的低点,一直开着的设备算作待机;多个房间共用的回路要全部无人才判。",
            "Takes the standby from the circuit's own quiet nights, so what never goes off counts as standby; a shared "
            "circuit is judged only while all its rooms are empty.",
        ),
        "E06": both(
            "没有设定温度和空调回路时,只在室外够热时才有供冷的证据。",
            "Without a setpoint or a circuit of the air conditioning there is evidence of cooling on hot days only.",
        ),
        "E07": both(
            "日照和人员使房间变暖,与供暖过度分不开;须登记实际供暖日期。",
            "Cannot tell sun and people from overheating; needs the heating dates as run.",
        ),
        "E08": both(
            "没有窗磁的窗看不到;不知道空调开着是在送新风还是在制冷。",
            "Blind to windows without a contact; does not know whether the plant cools or only moves air.",
        ),
        "E09": both(
            "量的是功率,不是照度;混在照明回路上的其他设备会算进去。",
            "Measures power, not light; whatever else hangs on the lighting circuit is counted in.",
        ),
        "E10": both(
            "模型不合格就不判;模型学习期内已有的浪费当作正常。",
            "Silent where the model is poor; what was wasted while the model learned is normal to it.",
        ),
        "E11": both(
            "只说不平衡,不说哪块表错;同向同比例的误差看不到。",
            "Says that meters disagree, not which is wrong; blind where all err alike.",
        ),
        "E12": both(
            "只看时段份额,不看总量;时段按现行规定计,旧账单的时段不同。",
            "Looks at the share by period, not the total; old bills were made by other periods.",
        ),
        "W01": both(
            "小于水表一格的渗漏看不到;夜间有理由的用水须核实。",
            "Blind to a leak below the meter's step; water used at night with good reason has to be asked about.",
        ),
        "A01": both(
            "一个传感器代表一个房间,放在窗边、门边时不代表人所呼吸的空气;它是筛查,不是合格判定。",
            "One sensor stands for a room, and by a window or door it does not stand for the air people breathe; a "
            "screening, no certificate.",
        ),
        "A02": both(
            "人数须稳定两小时,短会判不了;呼出量取坐着的人的平均。",
            "Needs two hours of a steady head count, so short meetings go unjudged; takes a seated person's breath.",
        ),
        "A03": both(
            "光散射传感器受湿度影响;室外差时,室内超标未必是楼的错。",
            "Light-scattering sensors are led astray by humidity; on a bad day outdoors the building need not be at "
            "fault.",
        ),
        "A04": both(
            "电化学传感器会把酒精等当作甲醛;结论只能由实验室给。",
            "Electrochemical sensors take alcohol and others for formaldehyde; only a laboratory can tell.",
        ),
        "A05": both(
            "空气温度不等于人的感受:辐射、气流、衣着都看不到。",
            "Air temperature is not what people feel: radiation, draught and clothing are unseen.",
        ),
        "A06": both(
            "每栋楼一条,看不出个别房间;档案室、机房不在内。",
            "One verdict a building says nothing of a single room; archives and server rooms are left out.",
        ),
        "A07": both(
            "墙面读数乘系数代替桌面;换了家具系数就变。",
            "A reading on the wall times a factor stands for the desk; moving furniture changes the factor.",
        ),
        "A08": both(
            "只在无人且空调运行时判,有人时的噪声看不到。",
            "Judges empty rooms with the plant running; noise while people are there is not heard.",
        ),
        "F01": both(
            "不代替火灾自动报警系统;只看得到送到平台的报警和确认。",
            "No replacement for the certified fire alarm system; sees the alarms and acknowledgements that reach it.",
        ),
        "F02": both(
            "主机时钟偏差不明就不判;根本没有送到的消息看不到。",
            "Silent where the panel's clock offset is unknown; a message that never came is not a slow one.",
        ),
        "F03": both(
            "只知道主机所报的故障;没有上报的故障看不到。",
            "Knows the faults that the panel tells, and no other.",
        ),
        "F04": both(
            "没有人核实的报警不算误报;核实有误,结论随之有误。",
            "An alarm that nobody verified is not counted as false; a wrong verification makes a wrong verdict.",
        ),
        "F05": both(
            "审批记录不在手时只能带疑问报警;主机不报的屏蔽看不到。",
            "Alerts with a doubt while the approvals are out of reach; blind to isolation that no panel tells.",
        ),
        "F06": both(
            "只知道主机所报的手动状态;气体灭火房间有没有人要靠传感器。",
            "Knows manual mode as the panel tells it; whether a gas-protected room is empty rests on its sensors.",
        ),
        "F07": both(
            "看的是记录和查岗应答,不是人在不在。",
            "Reads the log and the answers to roll calls, not whether anybody is there.",
        ),
        "F08": both(
            "没有登记心跳的设备,只有遗嘱消息能说明断线。",
            "Of a device without a registered heartbeat only a last will tells that it is gone.",
        ),
        "F09": both(
            "没有门磁的防火门看不到;门虚掩而门磁合上也看不到。",
            "Blind to doors without a contact, and to one that is ajar with its contact closed.",
        ),
        "F10": both(
            "只有确认了火警才判;没有火警的日子不能证明门会释放。",
            "Judges after a confirmed fire only; quiet days do not prove that the door would release.",
        ),
        "F11": both(
            "看的是写下来的检测,不是检测的质量。",
            "Reads the tests that were written down, not how well they were done.",
        ),
        "F12": both(
            "只在有探测器的地方看得到水。",
            "Sees water only where there is a detector.",
        ),
        "L01": both(
            "正常设备的泄漏电流与故障的分不开;哪一路由人查。",
            "Cannot tell what equipment leaks by design from a fault; which branch it is a person has to find.",
        ),
        "L02": both(
            "看的是趋势:突然的变化由L01管,多年的缓慢上升看不到。",
            "Looks at a trend: a leap is for L01, and a rise over years is too slow for it.",
        ),
        "L03": both(
            "只看测温点;没有测温点的接头看不到。",
            "Sees the joints that carry a probe, and no other.",
        ),
        "L04": both(
            "按登记的额定电流判;登记有误,结论随之有误。",
            "Judges by the rated current as registered; a wrong figure there makes a wrong verdict.",
        ),
        "L05": both(
            "10分钟平均看不到瞬间跌落;不像相电压的读数不判。",
            "A mean of ten minutes hides short dips; readings that are no phase voltage are left out.",
        ),
        "L06": both(
            "电压不平衡按偏离平均值近似,不是负序分量;功率因数一月一个数。",
            "Takes the departure from the mean for unbalance, not the negative sequence; one power factor a month.",
        ),
        "D01": both(
            "只有带门磁的门;没有刷卡的开门从打开时起算。",
            "Doors with a contact only; without a card the time runs from the opening.",
        ),
        "D02": both(
            "没有接出门按钮的门不判;跟着别人进来的人看不到。",
            "Not asked of doors whose exit button is not wired; blind to those who follow another in.",
        ),
        "D03": both(
            "不知道是谁,只知道哪扇门;卡坏了与试探分不开。",
            "Knows the door, not the person; cannot tell a broken card from a trial.",
        ),
        "D04": both(
            "没有登记心跳的门禁,安静与离线分不开;延迟以设备时钟为准。",
            "Without a registered heartbeat quiet and gone look alike; latency is by the device's clock.",
        ),
        "D05": both(
            "须登记读卡器方向,进出两侧都有读卡器,事件带凭证摘要。跟随他人出门、借卡都会误导它;按出门按钮、强行开门或"
            "火警之后,谁在里面就不再知道。",
            "Needs readers with a registered direction on both sides and digests of credentials. People who follow "
            "others out or lend cards mislead it; after an exit button, a forced door or a fire nobody knows who is "
            "inside.",
        ),
        "D06": both(
            "没有接防拆的设备看不到;时钟偏差须由设备上报,一天内多次校时则看不到走偏。",
            "Blind to devices without a tamper input; the drift of a clock has to be reported by the device, and "
            "does not show where the clock is set several times a day.",
        ),
        "G01": both(
            "只在变化时上报的设备须登记心跳,否则安静与离线分不开。",
            "A device that reports on change needs a registered heartbeat, else quiet and gone look alike.",
        ),
        "G02": both(
            "24小时真的没有变化的房间与冻结分不开;分辨率粗的传感器要当心。",
            "Cannot tell a day on which nothing changed from a frozen sensor; coarse sensors want care.",
        ),
        "G03": both(
            "房间要空够久,最低值才是室外空气;全天有人的房间不判。",
            "Needs the room empty long enough for its lowest value to be outdoor air; not asked where people are day "
            "and night.",
        ),
        "G04": both(
            "只有一个设备的网关,与设备本身分不开。",
            "Cannot tell a gateway with a single device from that device.",
        ),
        "G05": both(
            "没有登记上报间隔的设备没有应有样本数。",
            "A device without a registered interval has no number of samples to miss.",
        ),
        "G06": both(
            "只看送到平台的报警;报警对不对由人说。",
            "Sees the alarms that reach it; whether they were right, people say.",
        ),
    }
)
"""By rule: complete, and a test holds that it is."""
