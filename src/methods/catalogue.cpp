#include "methods/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace isocenter::methods {
namespace {

struct Row {
  int number;
  const char *name, *title, *family, *verb;
};

// What the papers are. Verb: where a user will meet the method.
constexpr Row rows[] = {
    {1, "multi-recon-density", "A multi-reconstruction study of breast density estimation using Deep Learning", "classification", "report"},
    {2, "saliency-tumour-bed",
     "Saliency-Guided Deep Learning Network for Automatic Tumor Bed Volume Delineation in Post-operative Breast Irradiation",
     "segmentation", "segment"},
    {3, "volsdf", "Volume Rendering of Neural Implicit Surfaces", "reconstruction", "reconstruct"},
    {4, "prompt2perturb", "Prompt2Perturb: Text-Guided Diffusion-Based Adversarial Attacks on Breast Ultrasound Images", "generation",
     "synthesize"},
    {5, "tsddnet", "Weakly Supervised Lesion Detection and Diagnosis for Breast Cancers with Partially Annotated Ultrasound Images",
     "detection", "detect"},
    {6, "simple-extreme-points",
     "SimPLe: Similarity-Aware Propagation Learning for Weakly-Supervised Breast Cancer Segmentation in DCE-MRI", "segmentation",
     "segment"},
    {7, "cnn-vs-vit-breakhis",
     "Breast Cancer Detection and Diagnosis: A comparative study of state-of-the-arts deep learning architectures", "pathology",
     "classify"},
    {8, "shisrcnet", "SHISRCNet: Super-resolution And Classification Network For Low-resolution Breast Cancer Histopathology Image",
     "pathology", "restore"},
    {9, "breast-ml-review-tpe", "Breast Cancer Diagnosis Using Machine Learning Techniques", "analysis", "classify"},
    {10, "h2gnet", "Hybrid guiding: A multi-resolution refinement approach for semantic segmentation of gigapixel histopathological images",
     "pathology", "segment"},
    {11, "chestxray8",
     "ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks on Weakly-Supervised Classification and Localization of Common "
     "Thorax Diseases",
     "classification", "classify"},
    {12, "provicnet", "Prostate-Specific Foundation Models for Enhanced Detection of Clinically Significant Cancer", "detection", "detect"},
    {13, "roentgen", "RoentGen: Vision-Language Foundation Model for Chest X-ray Generation", "generation", "synthesize"},
    {14, "piradsv2-dualpath",
     "PI-RADS v2 Compliant Automated Segmentation of Prostate Zones Using co-training Motivated Multi-task Dual-Path CNN", "segmentation",
     "segment"},
    {15, "forloop-tumour", "A for-loop is all you need. For solving the inverse problem in the case of personalized tumor growth modeling",
     "physics", "simulate"},
    {16, "intrinsic-properties",
     "The Effect of Intrinsic Dataset Properties on Generalization: Unraveling Learning Differences Between Natural and Medical Images",
     "analysis", "evaluate"},
    {17, "minority-guidance", "Don't Play Favorites: Minority Guidance for Diffusion Models", "generation", "synthesize"},
    {18, "dehazing-ultrasound-diffusion", "Dehazing Ultrasound using Diffusion Models", "restoration", "restore"},
    {19, "mediastinal-nodes-priors", "Mediastinal lymph nodes segmentation using 3D CNN ensembles and anatomical priors guiding",
     "segmentation", "segment"},
    {20, "rectangle-prescreening", "Intraoperative ultrasound segmentation with negative frames and multiple observer labels",
     "segmentation", "segment"},
    {21, "ascites-volume", "Deep Learning Segmentation of Ascites on Abdominal CT for Automatic Volume Quantification", "segmentation",
     "segment"},
    {22, "tumor-volume-registration", "Preserving Tumor Volumes for Unsupervised Medical Image Registration", "registration", "register"},
    {23, "dinov2-radiology", "Towards General Purpose Vision Foundation Models for Medical Image Analysis: DINOv2 on Radiology Benchmarks",
     "self_supervision", "search"},
    {24, "radgenome-chest-ct", "RadGenome-Chest CT: A Grounded Vision-Language Dataset for Chest CT Analysis", "vision_language", "report"},
    {25, "birads-bert", "BI-RADS BERT & Using Section Segmentation to Understand Radiology Reports", "vision_language", "classify"},
    {26, "radrotator", "RadRotator: 3D Rotation of Radiographs with Diffusion Models", "generation", "synthesize"},
    {27, "spark-small-ct", "Self-Supervised Pre-Training with Contrastive and Masked Autoencoder Methods for Small Datasets",
     "self_supervision", "train"},
    {28, "gliodil", "Individualizing Glioma Radiotherapy Planning by Optimization of Data and Physics-Informed Discrete Loss", "physics",
     "simulate"},
    {29, "ct-mr-prior-lung", "Cross-modality (CT-MRI) prior augmented deep learning for lung tumor segmentation from small MR datasets",
     "segmentation", "segment"},
    {30, "ecdedl-pcr", "Experts' cognition-driven ensemble deep learning for external validation of predicting pCR from histology",
     "pathology", "classify"},
    {31, "brain-id", "Brain-ID: Learning Contrast-agnostic Anatomical Representations for Brain Imaging", "generation", "synthesize"},
    {32, "tadred", "Experimental Design for Multi-Channel Imaging via Task-Driven Feature Selection", "physics", "simulate"},
    {33, "geometry-adaptive-harmonic", "Generalization in diffusion models arises from geometry-adaptive harmonic representations",
     "analysis", "restore"},
    {34, "totalsegmentator", "TotalSegmentator: robust segmentation of 104 anatomical structures in CT images", "segmentation", "segment"},
    {35, "dct-histotransformer",
     "DCT-HistoTransformer: Efficient Lightweight Vision Transformer with DCT Integration for histopathological image analysis",
     "pathology", "classify"},
    {36, "skm-tea", "SKM-TEA: A Dataset for Accelerated MRI Reconstruction with Dense Image Labels for Quantitative Clinical Evaluation",
     "reconstruction", "reconstruct"},
    {37, "torchesegeta", "TorchEsegeta: Framework for Interpretability and Explainability of Image-based Deep Learning Models",
     "explanation", "explain"},
    {38, "rad-dino", "RAD-DINO: Exploring Scalable Medical Image Encoders Beyond Text Supervision", "self_supervision", "search"},
    {39, "lits", "The Liver Tumor Segmentation Benchmark", "segmentation", "segment"},
    {40, "deeporgan", "DeepOrgan: Multi-level Deep Convolutional Networks for Automated Pancreas Segmentation", "segmentation", "segment"},
    {41, "flair", "A Foundation LAnguage-Image model of the Retina (FLAIR): Encoding expert knowledge in text supervision",
     "vision_language", "classify"},
    {42, "knobo", "A Textbook Remedy for Domain Shifts: Knowledge Priors for Medical Image Analysis", "explanation", "explain"},
    {43, "gpt4v-study", "A Comprehensive Study of GPT-4V's Multimodal Capabilities in Medical Imaging", "vision_language", "report"},
    {44, "synthrad2023", "Generating Synthetic Computed Tomography for Radiotherapy: SynthRAD2023 Challenge Report", "generation",
     "synthesize"},
    {45, "spockmip", "SPOCKMIP: Segmentation of Vessels in MRAs with Enhanced Continuity using Maximum Intensity Projection as Loss",
     "segmentation", "segment"},
    {46, "maxquery",
     "Devil is in the Queries: Advancing Mask Transformers for Real-world Medical Image Segmentation and Out-of-Distribution Localization",
     "segmentation", "segment"},
    {47, "projectedex", "ProjectedEx: Enhancing Generation in Explainable AI for Prostate Cancer", "explanation", "explain"},
    {48, "breast-epithelium",
     "Immunohistochemistry guided segmentation of benign epithelial cells, in situ lesions, and invasive epithelial cells in breast cancer "
     "slides",
     "pathology", "segment"},
    {49, "global-local-contrastive",
     "Contrastive learning of global and local features for medical image segmentation with limited annotations", "self_supervision",
     "train"},
    {50, "yolov8-deit-brain", "Realism in Action: Anomaly-Aware Diagnosis of Brain Tumors from Medical Images Using YOLOv8 and DeiT",
     "detection", "detect"},
    {51, "kimianet", "Fine-Tuning and Training of DenseNet for Histopathology Image Representation Using TCGA Diagnostic Slides",
     "pathology", "search"},
    {52, "biofusionnet",
     "BioFusionNet: Deep Learning-Based Survival Risk Stratification in ER+ Breast Cancer Through Multifeature and Multimodal Data Fusion",
     "analysis", "evaluate"},
    {53, "nodule-surroundings",
     "Relationship between pulmonary nodule malignancy and surrounding pleurae, airways and vessels: a quantitative study using the public "
     "LIDC-IDRI dataset",
     "analysis", "evaluate"},
    {54, "semantic-asymmetry",
     "Leveraging Semantic Asymmetry for Precise Gross Tumor Volume Segmentation of Nasopharyngeal Carcinoma in Planning CT", "segmentation",
     "segment"},
    {55, "hn-pet-diffusion", "Head and Neck Tumor Segmentation from [18F]F-FDG PET/CT Images Based on 3D Diffusion Model", "segmentation",
     "segment"},
    {56, "ct2x-gan", "Multi-view X-ray Image Synthesis with Multiple Domain Disentanglement from CT Scans", "generation", "project"},
    {57, "medimageinsight", "MedImageInsight: An Open-Source Embedding Model for General Domain Medical Imaging", "self_supervision",
     "search"},
    {58, "radgpt", "RadGPT: Constructing 3D Image-Text Tumor Datasets", "vision_language", "report"},
    {59, "raidionics",
     "Raidionics: an open software for pre- and postoperative central nervous system tumor segmentation and standardized reporting",
     "segmentation", "report"},
    {60, "llava-rad", "Towards a clinically accessible radiology foundation model: open-access and lightweight, with automated evaluation",
     "vision_language", "report"},
    {61, "scin", "Crowdsourcing Dermatology Images with Google Search Ads: Creating a Real-World Skin Condition Dataset", "analysis",
     "data"},
    {62, "exvivo-surface",
     "Surface-based parcellation and vertex-wise analysis of ultra high-resolution ex vivo 7 tesla MRI in Alzheimer's disease and related "
     "dementias",
     "segmentation", "segment"},
    {63, "pmnet-dehazing", "Perceiving and Modeling Density is All You Need for Image Dehazing", "restoration", "restore"},
    {64, "less-is-more",
     "Less is More: Selective Reduction of CT Data for Self-Supervised Pre-Training of Deep Learning Models with Contrastive Learning "
     "Improves Downstream Classification Performance",
     "self_supervision", "train"},
    {65, "adaptive-federated", "Adaptive Personlization in Federated Learning for Highly Non-i.i.d. Data", "federated", "train"},
    {66, "lefusion", "LeFusion: Controllable Pathology Synthesis via Lesion-Focused Diffusion Models", "generation", "synthesize"},
    {67, "sc-mil", "SC-MIL: Supervised Contrastive Multiple Instance Learning for Imbalanced Classification in Pathology", "pathology",
     "classify"},
    {68, "lvm-med", "LVM-Med: Learning Large-Scale Self-Supervised Vision Models for Medical Imaging via Second-order Graph Matching",
     "self_supervision", "train"},
    {69, "efficientnet-breakhis", "Breast Tumor Classification Using EfficientNet Deep Learning Model", "pathology", "classify"},
    {70, "scalecrafter", "ScaleCrafter: Tuning-free Higher-Resolution Visual Generation with Diffusion Models", "generation", "synthesize"},
    {71, "cxr-multi-model-report", "Automated Chest X-Ray Report Generator Using Multi-Model Deep Learning Approach", "vision_language",
     "report"},
    {72, "med3d", "Med3D: Transfer Learning for 3D Medical Image Analysis", "self_supervision", "train"},
    {73, "mrsegmentator", "MRSegmentator: Robust Multi-Modality Segmentation of 40 Classes in MRI and CT Sequences", "segmentation",
     "segment"},
    {74, "adainf", "Do Generated Data Always Help Contrastive Learning?", "self_supervision", "train"},
    {75, "drr-rate", "Shadow and Light: Digitally Reconstructed Radiographs for Disease Classification", "physics", "project"},
    {76, "prostate-registration", "Deformable MRI Sequence Registration for AI-based Prostate Cancer Diagnosis", "registration",
     "register"},
    {77, "segbook", "SegBook: A Simple Baseline and Cookbook for Volumetric Medical Image Segmentation", "segmentation", "train"},
    {78, "plsnet-meningioma", "Fast meningioma segmentation in T1-weighted MRI volumes using a lightweight 3D deep learning architecture",
     "segmentation", "segment"},
    {79, "diffusion-classifier", "Your Diffusion Model is Secretly a Zero-Shot Classifier", "classification", "classify"},
    {80, "active-diffusion-subsampling", "Active Diffusion Subsampling", "reconstruction", "reconstruct"},
    {81, "meddet", "MedDet: Generative Adversarial Distillation for Efficient Cervical Disc Herniation Detection", "detection", "detect"},
    {82, "medsyn", "MedSyn: Text-guided Anatomy-aware Synthesis of High-Fidelity 3D CT Images", "generation", "synthesize"},
    {83, "echogains", "Generative augmentations for improved cardiac ultrasound segmentation using diffusion models", "generation",
     "synthesize"},
    {84, "paxray-grounding", "Detailed Annotations of Chest X-Rays via CT Projection for Report Understanding", "vision_language",
     "project"},
    {85, "petct-grounding", "Vision-Language Modeling in PET/CT for Visual Grounding of Positive Findings", "vision_language", "detect"},
    {86, "cxr-llava", "CXR-LLaVA: Multimodal Large Language Model for Interpreting Chest X-ray Images", "vision_language", "report"},
    {87, "keep-pathology", "A Knowledge-enhanced Pathology Vision-language Foundation Model for Cancer Diagnosis", "pathology", "search"},
};

struct Standing {
  State state;
  std::vector<Figure> figures;
  std::string command;
};

// What is here of them; a method without an entry is `none`.
const std::map<int, Standing>& standings() {
  static const std::map<int, Standing> here = {
      {31, {State::mechanism, {}, "isocenter synthesize brain-heads --labels FOLDER --count 10 --output DIR"}},
  };
  return here;
}

std::vector<Method> build() {
  std::vector<Method> methods;
  for (const auto& row : rows) {
    Method method{row.number, row.name, row.title, row.family, row.verb, State::none, {}, {}};
    if (const auto found = standings().find(row.number); found != standings().end()) {
      method.state = found->second.state;
      method.figures = found->second.figures;
      method.command = found->second.command;
    }
    methods.push_back(std::move(method));
  }
  return methods;
}

}  // namespace

std::string name_of(State state) {
  switch (state) {
    case State::none:
      return "none";
    case State::mechanism:
      return "mechanism";
    case State::shown:
      return "shown";
    case State::not_shown:
      return "not shown";
    case State::undecided:
      return "undecided";
  }
  return "none";
}

std::span<const Method> catalogue() {
  static const std::vector<Method> methods = build();
  return methods;
}

const Method* find_method(const std::string& name_or_number) {
  for (const auto& method : catalogue())
    if (method.name == name_or_number || std::to_string(method.number) == name_or_number) return &method;
  return nullptr;
}

std::string catalogue_json() {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& method : catalogue()) {
    nlohmann::ordered_json figures = nlohmann::ordered_json::array();
    for (const auto& figure : method.figures)
      figures.push_back({{"what", figure.what}, {"value", figure.value}, {"command", figure.command}});
    list.push_back({{"number", method.number},
                    {"name", method.name},
                    {"title", method.title},
                    {"family", method.family},
                    {"verb", method.verb},
                    {"state", name_of(method.state)},
                    {"figures", figures},
                    {"command", method.command}});
  }
  return list.dump(2);
}

std::string catalogue_markdown() {
  std::string text =
      "# Methods\n\nMade by `isocenter methods --markdown`; do not edit. States: `none` nothing is here; `mechanism` the idea is built and "
      "tested; `shown`, "
      "`not shown`, `undecided` its experiment was run, with that verdict.\n\n| number | name | family | verb | state | figures | command "
      "|\n|---|---|---|---|---|---|---|\n";
  for (const auto& method : catalogue()) {
    std::string figures;
    for (const auto& figure : method.figures) figures += (figures.empty() ? "" : "; ") + figure.what + " " + figure.value;
    text += fmt::format("| {} | {} | {} | `{}` | {} | {} | {} |\n", method.number, method.name, method.family, method.verb,
                        name_of(method.state), figures, method.command.empty() ? "" : "`" + method.command + "`");
  }
  return text;
}

}  // namespace isocenter::methods
